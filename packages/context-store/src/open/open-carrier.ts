import type { RedisBusOptions } from '@org/bus-redis';
import type { Telemetry } from '@org/domain';
import type { EventCarrier } from '@org/store-kysely/postgres';
import type { DatabaseLocation } from './database-location.js';
import { loadAdapter, type OptionalPackage } from './load-adapter.js';

/** A Redis server that carries events between the processes of a deployment. */
export interface RedisSettings extends Pick<RedisBusOptions, 'url' | 'onStateChange'> {
  /**
   * The name of the deployment. Its processes share it; other deployments on the same Redis must have other names.
   * Default: the identifier of the database, or else its address without the user.
   */
  readonly deployment?: string | undefined;
}

export const redisClient: OptionalPackage = { name: '@redis/client', purpose: 'Redis' };

/** Redis settings with the name of the deployment. */
export type NamedRedis = RedisSettings & { readonly deployment: string };

/**
 * Returns the Redis bus that carries events between processes on one PostgreSQL database. Returns undefined without
 * Redis, and on SQLite, whose file shows changes to all its processes. Does not connect yet.
 * @throws VALIDATION_ERROR (the URL of Redis)
 */
export async function openCarrier(
  location: DatabaseLocation,
  redis: NamedRedis | undefined,
  telemetry?: Telemetry,
): Promise<EventCarrier | undefined> {
  if (redis === undefined || location.engine === 'sqlite') return undefined;
  const { createRedisBus } = await loadAdapter(import('@org/bus-redis'), redisClient);
  let isUp = false;
  const bus = createRedisBus({
    ...redis,
    telemetry,
    onStateChange: (state) => {
      isUp = state.isConnected;
      redis.onStateChange?.(state);
    },
  });
  return { bus, isUp: () => isUp };
}
