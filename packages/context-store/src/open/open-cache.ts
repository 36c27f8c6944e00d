import type { RedisLevelOptions } from '@org/cache-keyv/redis';
import type { Store, Telemetry } from '@org/domain';
import { z } from 'zod';
import type { DatabaseLocation } from './database-location.js';
import { loadAdapter } from './load-adapter.js';
import { redisClient, type NamedRedis } from './open-carrier.js';
import { requireSettings } from './require-settings.js';

/** The settings of a cache. It holds only data that cannot change, so it never makes an answer outdated. */
export interface CacheSettings {
  /** The most memory that the cache uses, in bytes: at least 1. */
  readonly maxBytes: number;
  /** How long the cache keeps a part of a log, in milliseconds: at least 1. Default: one hour. */
  readonly ttlMs?: number | undefined;
  /** Whether processes share cached data through `redis`. Calls succeed without that Redis too. Default: no. */
  readonly sharesByRedis?: boolean | undefined;
  /** Called when the cache's connection to Redis is made or lost. Must not throw. */
  readonly onStateChange?: RedisLevelOptions['onStateChange'];
}

/** @throws VALIDATION_ERROR (names every wrong setting) */
export const requireCacheSettings = (settings: CacheSettings): void =>
  requireSettings('cache', settingsSchema(), settings);

/** A function, so that a process without a cache does not build the schema. */
const settingsSchema = (): z.ZodType<CacheSettings> =>
  z.strictObject({
    maxBytes: z.int().min(1),
    ttlMs: z.int().min(1).optional(),
    sharesByRedis: z.boolean().optional(),
    onStateChange: z.custom<CacheSettings['onStateChange']>((value) => typeof value === 'function').optional(),
  } satisfies Record<keyof CacheSettings, z.ZodType>);

/** Returns the store with a cache in front of it. */
export async function openCache(
  store: Store,
  location: DatabaseLocation,
  { maxBytes, ttlMs, sharesByRedis = false, onStateChange }: CacheSettings,
  redis: NamedRedis | undefined,
  telemetry: Telemetry | undefined,
): Promise<Store> {
  const { createCachedStore } = await import('@org/cache-keyv');
  // Processes on a SQLite file share a machine, whose file cache is faster than Redis.
  if (!sharesByRedis || redis === undefined || location.engine === 'sqlite')
    return createCachedStore({ store, maxBytes, ttlMs, telemetry });
  const { createRedisLevel } = await loadAdapter(import('@org/cache-keyv/redis'), redisClient);
  const shared = createRedisLevel({ url: redis.url, deployment: redis.deployment, onStateChange });
  return createCachedStore({ store, maxBytes, ttlMs, telemetry, shared });
}
