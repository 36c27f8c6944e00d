import type { SharedStores } from '@org/store-contract';
import { forkStore } from '../support/fork-store.js';

/** Processes that share a database which is migrated already: a file, or what a `postgres:` URL names. */
export function openProcesses(location: string, count: number, remove: () => Promise<void> | void): SharedStores {
  const first = forkStore(location);
  const processes = [first, ...Array.from({ length: count - 1 }, () => forkStore(location))] as const;
  return {
    stores: [first.store, ...processes.slice(1).map(({ store }) => store)],
    advance: async (ms) => {
      await Promise.all(processes.map((process) => process.advance(ms)));
    },
    close: async () => {
      await Promise.all(processes.map((process) => process.end()));
      await remove();
    },
  };
}
