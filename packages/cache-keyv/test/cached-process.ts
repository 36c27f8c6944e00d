import { ContextStoreError, noTelemetry, type Store } from '@org/domain';
import { createPostgresStore } from '@org/store-kysely/postgres';
import { createCachedStore, type SharedLevel } from '../src/index.js';
import { createRedisLevel } from '../src/redis.js';
import type { Answer, Call, Lookups } from './fork-cached.js';

/** The other side of `forkCached`: a cache over PostgreSQL and Redis, served over IPC. */

const [url = '', redisUrl = '', deployment = ''] = process.argv.slice(2);
const lookups: Lookups = { hits: 0, foundInRedis: 0 };
const opened = open();

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

process.on('message', ({ id, method, request }: Call) => {
  void perform(method, request).then(
    (value) => process.send?.({ id, value } satisfies Answer),
    (error: unknown) => {
      const code = error instanceof ContextStoreError ? error.code : 'INTERNAL_ERROR';
      process.send?.({ id, error: { code, message: String(error) } } satisfies Answer);
    },
  );
});
process.on('disconnect', () => void opened.then((store) => store.close()));

async function perform(method: Call['method'], request: unknown): Promise<unknown> {
  if (method === 'lookups') return lookups;
  const store = await opened;
  return Reflect.apply(store[method], store, [request]);
}
