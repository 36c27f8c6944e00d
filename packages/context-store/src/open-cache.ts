import type { RedisLevelOptions } from '@org/cache-keyv/redis';
import type { Store, Telemetry } from '@org/domain';
import { describeLocation, type DatabaseLocation } from './database-location.js';
import type { RedisSettings } from './open-bus.js';

/** A cache of what cannot change: no answer is ever older than its call. */
export interface CacheSettings {
  /** How much memory it may take, in bytes. */
  readonly maxBytes: number;
  /** How long anything is kept, in milliseconds. Default: an hour. */
  readonly ttlMs?: number | undefined;
  /** Whether processes share what they found through the Redis of the settings. It need not be there. Default: no. */
  readonly sharesByRedis?: boolean | undefined;
  /** Hears when Redis begins or ceases to be of use to the cache. It must not throw. */
  readonly onStateChange?: RedisLevelOptions['onStateChange'];
}

/** The store behind a cache. */
export async function openCache(
  store: Store,
  location: DatabaseLocation,
  { maxBytes, ttlMs, sharesByRedis = false, onStateChange }: CacheSettings,
  redis: RedisSettings | undefined,
  telemetry: Telemetry | undefined,
): Promise<Store> {
  const { createCachedStore } = await import('@org/cache-keyv');
  // Those who share a SQLite file are on one machine: its own cache is nearer than any Redis.
  if (!sharesByRedis || redis === undefined || location.engine === 'sqlite')
    return createCachedStore({ store, maxBytes, ttlMs, telemetry });
  const { createRedisLevel } = await import('@org/cache-keyv/redis');
  const deployment = redis.deployment ?? describeLocation(location);
  const shared = createRedisLevel({ url: redis.url, deployment, onStateChange });
  return createCachedStore({ store, maxBytes, ttlMs, telemetry, shared });
}
