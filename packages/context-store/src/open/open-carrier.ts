import type { RedisBusOptions } from '@org/bus-redis';
import type { Telemetry } from '@org/domain';
import type { EventCarrier } from '@org/store-kysely/postgres';
import type { DatabaseLocation } from './database-location.js';

/** A Redis server that carries events between the processes of a deployment. */
export interface RedisSettings extends Pick<RedisBusOptions, 'url' | 'onStateChange'> {
  /**
   * What the processes of the deployment have in common, and nobody else on the same Redis. Default: what the database says
   * that it is, however each process reaches it; its address, without the user, where it doesn't say.
   */
  readonly deployment?: string | undefined;
}

/** Redis for a deployment that has its name. */
export type NamedRedis = RedisSettings & { readonly deployment: string };

/**
 * What carries events between the processes that share a PostgreSQL database, or undefined where the store's own means
 * do: those that share a SQLite file are on one machine. It doesn't connect yet.
 * @throws VALIDATION_ERROR
 */
export async function openCarrier(
  location: DatabaseLocation,
  redis: NamedRedis | undefined,
  telemetry?: Telemetry,
): Promise<EventCarrier | undefined> {
  if (redis === undefined || location.engine === 'sqlite') return undefined;
  const { createRedisBus } = await import('@org/bus-redis');
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
