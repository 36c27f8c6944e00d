import type { StoreHarness } from '@org/store-contract';
import { createSqliteStore } from '@org/store-kysely/sqlite';

export async function openSqlite(path: string, remove?: () => void): Promise<StoreHarness> {
  let skewMs = 0;
  const store = await createSqliteStore({ path, clock: () => Date.now() + skewMs });
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
