import { randomUUID } from 'node:crypto';
import { redisUrl } from '@org/redis-connection/testing';
import type { Store } from '@org/domain';
import { createMemoryStore, takingTurns, type SharedStores, type StoreHarness } from '@org/store-contract';
import { createPostgresStore } from '@org/store-kysely/postgres';
import { createSqliteStore } from '@org/store-kysely/sqlite';
import { temporaryDatabase } from '@org/store-kysely/testing';
import { expect } from 'vitest';
import { createCachedStore, type CachedStoreOptions, type SharedLevel } from '../src/index.js';
import { createRedisLevel, type RedisLevelOptions } from '../src/redis.js';

/** The settings of a test's caches. */
export interface Caching extends Omit<CachedStoreOptions, 'store' | 'shared'> {
  readonly redis?: RedisLevelOptions;
}

/** With this little memory, nearly every look-up goes to Redis. */
export const throughRedis = (pageSize: number): Caching => ({
  pageSize,
  maxBytes: 1000,
  ttlMs: 60_000,
  // A machine that is busy with other tests must not open the circuit breaker.
  redis: { url: redisUrl, deployment: `test-${randomUUID()}`, limitMs: 10_000 },
});

/** Opens a store whose clock is ahead by this time. */
type Open = (aheadMs: () => number) => Promise<Store> | Store;

/** Opens cached stores on the same data, each with its own memory. */
async function openCaches(count: number, open: Open, caching: Caching, remove?: () => Promise<void>) {
  let aheadMs = 0;
  const { redis, ...options } = caching;
  const levels: SharedLevel[] = [];
  const store = async (): Promise<Store> => {
    const shared = redis && (await usedRedis(redis));
    if (shared !== undefined) levels.push(shared);
    return createCachedStore({ ...options, store: await open(() => aheadMs), shared });
  };
  const first = await store();
  const stores = [first, ...(await Promise.all(Array.from({ length: count - 1 }, store)))] as const;
  return {
    stores,
    advance: (ms: number): void => {
      aheadMs += ms;
    },
    close: async (): Promise<void> => {
      const areUp = levels.map((level) => level.isUp());
      await Promise.all(stores.map((each) => each.close()));
      await remove?.();
      // Otherwise the test would not see Redis.
      expect(areUp).not.toContain(false);
    },
  };
}

/** Opens a level and waits until it uses Redis. Reads before that would bypass Redis. */
export async function usedRedis(options: RedisLevelOptions): Promise<SharedLevel> {
  const { promise: used, resolve: setUsed } = Promise.withResolvers<void>();
  const level = createRedisLevel({ ...options, onStateChange: ({ isConnected }) => void (isConnected && setUsed()) });
  await used;
  return level;
}

export const openCachedMemory = async (caching: Caching): Promise<StoreHarness> =>
  inTurns(await openCaches(1, (aheadMs) => createMemoryStore({ clock: () => Date.now() + aheadMs() }), caching));

export const openCachedSqlite = async (caching: Caching): Promise<StoreHarness> =>
  inTurns(
    await openCaches(
      1,
      (aheadMs) => createSqliteStore({ path: ':memory:', clock: () => Date.now() + aheadMs() }),
      caching,
    ),
  );

/** Several caches over one database. */
export async function openSharedPostgres(count: number, caching: Caching): Promise<SharedStores> {
  const { url, drop } = await temporaryDatabase();
  return openCaches(count, (aheadMs) => createPostgresStore({ url, clockOffsetMs: aheadMs }), caching, drop);
}

/** Two caches over one database that take turns: each serves every other call. */
export const openCachedPostgres = async (caching: Caching): Promise<StoreHarness> =>
  inTurns(await openSharedPostgres(2, caching));

const inTurns = ({ stores, advance, close }: SharedStores): StoreHarness => ({
  store: takingTurns(stores),
  advance,
  close,
});
