/** What processes share of what they found. It never fails: what can't be done is not done. */
export interface SharedLevel {
  /** In the order asked for. Whoever can write there may have written anything. */
  readonly find: (keys: string[]) => Promise<readonly (string | undefined)[]>;
  /** Nobody waits for it. */
  readonly keep: (key: string, text: string, ttlMs: number) => void;
  /** Whether it is of use at this moment; undefined until that was tried. */
  readonly isUp: () => boolean | undefined;
  readonly close: () => Promise<void>;
}
