const sentence = 'Decided: the log is immutable, and its readers keep their own positions. ';

/** A text of this many bytes. */
export const sampleText = (bytes: number): string =>
  sentence.repeat(Math.ceil(bytes / sentence.length)).slice(0, bytes);
