import type { Store } from '@org/domain';
import { describeStoreContract, type StoreHarness } from '@org/domain/testing';
import { createSqliteStore } from '@org/store-kysely/sqlite';
import { forkStore, takingTurns } from './fork-store.js';
import { temporaryFile } from './temporary-file.js';

describeStoreContract('SQLite in memory', () => openHarness(':memory:'));

describeStoreContract('SQLite file', () => {
  const { path, remove } = temporaryFile();
  return openHarness(path, remove);
});

describeStoreContract('SQLite file, written by two processes', async () => {
  const { path, remove } = temporaryFile();
  const processes = [forkStore(path), forkStore(path)];
  const store = takingTurns(processes.map((process) => process.store));
  return {
    store,
    advance: async (ms) => {
      await Promise.all(processes.map((process) => process.advance(ms)));
    },
    close: async () => {
      await store.close();
      await Promise.all(processes.map((process) => process.end()));
      remove();
    },
  };
});

async function openHarness(path: string, remove?: () => void): Promise<StoreHarness> {
  let skewMs = 0;
  const store: Store = await createSqliteStore({ path, clock: () => Date.now() + skewMs });
  return {
    store,
    advance: (ms) => {
      skewMs += ms;
    },
    close: async () => {
      await store.close();
      remove?.();
    },
  };
}
