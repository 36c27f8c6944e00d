import { ContextStoreError, noTelemetry, type Store } from '@org/domain';
import { createPostgresStore } from '@org/store-kysely/postgres';
import { createCachedStore } from '../src/index.js';
import { createRedisLevel } from '../src/redis.js';
import type { Answer, Call } from './fork-cached.js';

/** The other side of `forkCached`: a cache over PostgreSQL and Redis, served over IPC. */

const [url = '', redisUrl = '', deployment = ''] = process.argv.slice(2);
const lookups = { hits: 0, misses: 0 };
const opened = open();

async function open(): Promise<Store> {
  return createCachedStore({
    store: await createPostgresStore({ url }),
    // Small pages and a small memory: whatever can be mixed up is looked up often, and forgotten often.
    pageSize: 4,
    maxBytes: 100_000,
    ttlMs: 120_000,
    telemetry: { ...noTelemetry, recordCacheLookup: (isHit) => void (lookups[isHit ? 'hits' : 'misses'] += 1) },
    shared: createRedisLevel({ url: redisUrl, deployment }),
  });
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
