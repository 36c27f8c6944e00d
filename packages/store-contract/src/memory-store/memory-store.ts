import { mapStore, storeClosed, type Store } from '@org/domain';
import { memoryAgents } from './memory-agents.js';
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
  const begin = (): void => {
    if (closed) throw storeClosed();
    state.beginOperation();
    state.settleLeases();
  };
  const operations = {
    ...memorySessions(state),
    ...memoryEntries(state),
    ...memoryHandoffs(state),
    ...memoryAgents(state),
  };
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
