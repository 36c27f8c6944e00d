/** What a run cannot do without is not there, or does not work. The message says what, and the way to get it; no stack is shown. */
export class UnusableServer extends Error {
  override readonly name: string = 'UnusableServer';
}
