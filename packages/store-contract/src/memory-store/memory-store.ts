import { mapStore, storeClosed, type Store } from '@org/domain';
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
  const begin = (): void => {
    if (closed) throw storeClosed();
    state.beginOperation();
    state.settleLeases();
  };
  const operations = { ...memorySessions(state), ...memoryEntries(state), ...memoryHandoffs(state) };
  return {
    ...mapStore(operations, async ({ run }) => {
      begin();
      return run();
    }),
    ping: async () => begin(),
    close: async () => {
      closed = true;
    },
  };
}
