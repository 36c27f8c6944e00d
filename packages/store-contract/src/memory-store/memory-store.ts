import { storeClosed, type Store } from '@org/domain';
import { memoryEntries } from './memory-entries.js';
import { memoryHandoffs } from './memory-handoffs.js';
import { memorySessions } from './memory-sessions.js';
import { MemoryState } from './memory-state.js';

/** Where the memory store takes its time from. */
export interface MemoryStoreOptions {
  /** Epoch milliseconds. Default: the system clock. */
  readonly clock?: (() => number) | undefined;
}

/**
 * The reference implementation of the port: everything in process, nothing kept. It scans where an engine has an index,
 * so it is for tests and examples, not for production.
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

/** What the operations have in common comes before each of them; what it throws is their answer. */
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
