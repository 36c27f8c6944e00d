import { takingTurns, type StoreHarness } from '@org/store-contract';
import { createPostgresStore } from '@org/store-kysely/postgres';
import { temporaryDatabase } from '@org/store-kysely/testing';

/** Stores that share one database, and serve one call each in turn. */
export async function openPostgres(count: number): Promise<StoreHarness> {
  const { stores, advance, close } = await openSharedPostgres(count);
  return { store: takingTurns(stores), advance, close };
}

/** Stores that share one database, and a clock. */
export async function openSharedPostgres(count: number) {
  const { url, drop } = await temporaryDatabase();
  let skewMs = 0;
  const open = () => createPostgresStore({ url, clockOffsetMs: () => skewMs });
  const first = await open();
  const others = await Promise.all(Array.from({ length: count - 1 }, open));
  const stores = [first, ...others] as const;
  return {
    stores,
    advance: (ms: number): void => {
      skewMs += ms;
    },
    close: async (): Promise<void> => {
      await Promise.all(stores.map((store) => store.close()));
      await drop();
    },
  };
}
