import type { Store } from '@org/domain';
import { describeStoreContract, type StoreHarness } from '@org/domain/testing';
import { createPostgresStore } from '@org/store-kysely/postgres';
import { takingTurns } from './fork-store.js';
import { temporaryDatabase } from '@org/store-kysely/testing';

describeStoreContract('PostgreSQL', () => openHarness(1));

describeStoreContract('PostgreSQL, written by two stores', () => openHarness(2));

/** Stores that share one database, and serve one call each in turn. */
async function openHarness(count: number): Promise<StoreHarness> {
  const { url, drop } = await temporaryDatabase();
  let skewMs = 0;
  const open = (): Promise<Store> => createPostgresStore({ url, clockOffsetMs: () => skewMs });
  const store = takingTurns(await Promise.all(Array.from({ length: count }, open)));
  return {
    store,
    advance: (ms) => {
      skewMs += ms;
    },
    close: async () => {
      await store.close();
      await drop();
    },
  };
}
