import { openHarness, type StoreHarness } from '@org/store-contract';
import { createSqliteStore } from '@org/store-kysely/sqlite';

export const openSqlite = (path: string, remove?: () => void): Promise<StoreHarness> =>
  openHarness((aheadMs) => createSqliteStore({ path, clock: () => Date.now() + aheadMs() }), remove);
