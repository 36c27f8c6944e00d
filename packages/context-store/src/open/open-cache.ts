import type { RedisLevelOptions } from '@org/cache-keyv/redis';
import type { Store, Telemetry } from '@org/domain';
import { z } from 'zod';
import type { DatabaseLocation } from './database-location.js';
import type { NamedRedis } from './open-carrier.js';
import { requireSettings } from './require-settings.js';

/** A cache of what cannot change: no answer is ever older than its call. */
export interface CacheSettings {
  /** How much memory it may take, in bytes: at least 1. */
  readonly maxBytes: number;
  /** How long anything is kept, in milliseconds: at least 1. Default: an hour. */
  readonly ttlMs?: number | undefined;
  /** Whether processes share what they found through the Redis of the settings. It need not be there. Default: no. */
  readonly sharesByRedis?: boolean | undefined;
  /** Hears when Redis begins or ceases to be of use to the cache. It must not throw. */
  readonly onStateChange?: RedisLevelOptions['onStateChange'];
}

/** @throws VALIDATION_ERROR naming every setting that is wrong */
export const requireCacheSettings = (settings: CacheSettings): void =>
  requireSettings('cache', settingsSchema(), settings);

/** Made when it is needed, as a cache is. */
const settingsSchema = (): z.ZodType<CacheSettings> =>
  z.strictObject({
    maxBytes: z.int().min(1),
    ttlMs: z.int().min(1).optional(),
    sharesByRedis: z.boolean().optional(),
    onStateChange: z.custom<CacheSettings['onStateChange']>((value) => typeof value === 'function').optional(),
  } satisfies Record<keyof CacheSettings, z.ZodType>);

/** The store behind a cache. */
export async function openCache(
  store: Store,
  location: DatabaseLocation,
  { maxBytes, ttlMs, sharesByRedis = false, onStateChange }: CacheSettings,
  redis: NamedRedis | undefined,
  telemetry: Telemetry | undefined,
): Promise<Store> {
  const { createCachedStore } = await import('@org/cache-keyv');
  // Those who share a SQLite file are on one machine: its own cache is nearer than any Redis.
  if (!sharesByRedis || redis === undefined || location.engine === 'sqlite')
    return createCachedStore({ store, maxBytes, ttlMs, telemetry });
  const { createRedisLevel } = await import('@org/cache-keyv/redis');
  const shared = createRedisLevel({ url: redis.url, deployment: redis.deployment, onStateChange });
  return createCachedStore({ store, maxBytes, ttlMs, telemetry, shared });
}
