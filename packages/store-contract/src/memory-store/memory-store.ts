import { storeClosed, type Store } from '@org/domain';
import { memoryEntries } from './memory-entries.js';
import { memoryHandoffs } from './memory-handoffs.js';
import { memorySessions } from './memory-sessions.js';
import { MemoryState } from './memory-state.js';

export interface MemoryStoreOptions {
  /** Returns the time in epoch milliseconds. Default: the system clock. */
  readonly clock?: (() => number) | undefined;
}

/**
 * Creates the reference implementation of the port. It keeps everything in memory and scans where an engine has an
 * index, so it is for tests and examples, not for production.
 */
export function createMemoryStore({ clock = Date.now }: MemoryStoreOptions = {}): Store {
  const state = new MemoryState(clock);
  let closed = false;
  const store: Store = {
    ...memorySessions(state),
    ...memoryEntries(state),
    ...memoryHandoffs(state),
    ping: async () => undefined,
    close: async () => {
      closed = true;
    },
  };
  return beforeEach(store, (operation) => {
    if (closed && operation !== 'close') throw storeClosed();
    state.beginOperation();
    state.settleLeases();
  });
}

/** Runs `prepare` before each operation. If it throws, the operation throws that error. */
function beforeEach(store: Store, prepare: (operation: string) => void): Store {
  const operations = Object.entries(store).map(
    ([name, operation]: [string, (...args: never[]) => Promise<unknown>]) => [
      name,
      async (...args: never[]): Promise<unknown> => {
        prepare(name);
        return operation(...args);
      },
    ],
  );
  return Object.fromEntries(operations) as Store;
}
