import { noTelemetry, type Store } from '@org/domain';
import { serveStore } from '@org/store-contract/processes';
import { createPostgresStore } from '@org/store-kysely/postgres';
import { createCachedStore, type SharedLevel } from '../src/index.js';
import { createRedisLevel } from '../src/redis.js';
import type { Lookups } from './fork-cached.js';

/** The other side of `forkCached`: a cache over PostgreSQL and Redis. */

const [url = '', redisUrl = '', deployment = ''] = process.argv.slice(2);
const lookups: Lookups = { hits: 0, foundInRedis: 0 };
serveStore(open(), { lookups: () => lookups });

async function open(): Promise<Store> {
  return createCachedStore({
    store: await createPostgresStore({ url }),
    // Small pages and a small memory: keys that could be mixed up are looked up and evicted often.
    pageSize: 4,
    maxBytes: 100_000,
    ttlMs: 120_000,
    telemetry: { ...noTelemetry, recordCacheLookup: (isHit) => void (lookups.hits += isHit ? 1 : 0) },
    shared: openRedis(),
  });
}

/** Wraps Redis, and counts what is found there. */
function openRedis(): SharedLevel {
  const level = createRedisLevel({ url: redisUrl, deployment });
  return {
    ...level,
    find: async (keys) => {
      const texts = await level.find(keys);
      lookups.foundInRedis += texts.filter((text) => text !== undefined).length;
      return texts;
    },
  };
}
