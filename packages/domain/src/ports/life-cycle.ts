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
export function createLifeCycle(release: (settled: Promise<void>, withinMs: number) => Promise<void>): LifeCycle {
  const settled = Promise.withResolvers<void>();
  // Not a set of the calls: V8 keeps what was removed from a set that changes often, here answers, until a full collection.
  let underWay = 0;
  let closing: Promise<void> | undefined;

  function close(withinMs: number): Promise<void> {
    if (underWay === 0) settled.resolve();
    return release(settled.promise, withinMs);
  }

  return {
    run: async (start) => {
      if (closing !== undefined) throw storeClosed();
      underWay += 1;
      try {
        return await start();
      } finally {
        underWay -= 1;
        if (closing !== undefined && underWay === 0) settled.resolve();
      }
    },
    close: (withinMs = Infinity) => (closing ??= close(withinMs)),
  };
}
