import type { Store } from '@org/domain';

/** A store under test, and its clock. */
export interface StoreHarness {
  readonly store: Store;
  /** Moves the store's clock, forward or (below 0) back, in every process that serves it. */
  readonly advance: (ms: number) => Promise<void> | void;
  /** Closes the store and removes what it left behind. */
  readonly close: () => Promise<void>;
}
