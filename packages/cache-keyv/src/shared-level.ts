/** Shares with other processes what this one has read. Its methods do not throw: a failed look-up is a miss. */
export interface SharedLevel {
  /** Returns a text or undefined for each key, in the order of the keys. Callers must check the texts: others can write them. */
  readonly find: (keys: string[]) => Promise<readonly (string | undefined)[]>;
  /** Returns at once. Whether the text was kept is not reported. */
  readonly keep: (key: string, text: string, ttlMs: number) => void;
  /** Returns whether it is in use, or undefined before the first attempt has ended. */
  readonly isUp: () => boolean | undefined;
  readonly close: () => Promise<void>;
}
