/** What is appended: 500 bytes of text, the same in every variant. */
export const content: string = 'Decided: the log is immutable, and its readers keep their own positions. '
  .repeat(7)
  .slice(0, 500);
