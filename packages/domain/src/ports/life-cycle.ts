import { storeClosed } from '../errors.js';

/** Runs the calls of a store until the store is closed. */
export interface LifeCycle {
  /** Starts a call. Throws STORE_UNAVAILABLE if the store is closed, and whatever the call throws. */
  readonly run: <Answer>(start: () => Promise<Answer>) => Promise<Answer>;
  /** Refuses further calls, and releases the resources of the store once. All callers get the same promise. */
  readonly close: (withinMs?: number) => Promise<void>;
}

/**
 * Creates the life cycle of a store.
 *
 * @param release releases the resources. It gets a promise that resolves when all calls under way have settled, and the
 *   time that the caller gives them, in milliseconds. Default: Infinity
 */
export function createLifeCycle(release: (settled: Promise<unknown>, withinMs: number) => Promise<void>): LifeCycle {
  const underWay = new Set<Promise<unknown>>();
  let closing: Promise<void> | undefined;

  return {
    run: async (start) => {
      if (closing !== undefined) throw storeClosed();
      const answer = start();
      underWay.add(answer);
      try {
        return await answer;
      } finally {
        underWay.delete(answer);
      }
    },
    close: (withinMs = Infinity) => (closing ??= release(Promise.allSettled(underWay), withinMs)),
  };
}
