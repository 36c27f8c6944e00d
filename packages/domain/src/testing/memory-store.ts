import { ContextStoreError } from '../errors.js';
import type { Store } from '../ports/store.js';
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
  return closable(
    {
      ...memorySessions(state),
      ...memoryEntries(state),
      ...memoryHandoffs(state),
      ping: async () => undefined,
      close: async () => {
        closed = true;
      },
    },
    () => closed,
  );
}

/** A closed store refuses every call but a second `close`. */
function closable(store: Store, isClosed: () => boolean): Store {
  return new Proxy(store, {
    get: (target, name, receiver) => {
      if (isClosed() && name !== 'close' && typeof name === 'string' && name in target) {
        return () => Promise.reject(new ContextStoreError('STORE_UNAVAILABLE', 'The store is closed.'));
      }
      return Reflect.get(target, name, receiver) as unknown;
    },
  });
}
