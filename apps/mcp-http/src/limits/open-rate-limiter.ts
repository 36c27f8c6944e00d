import { databaseLocation, nameDeployment } from '@org/context-store';
import { contextStoreOptions, type Environment, type environmentTable } from '@org/context-store/environment';
import type { Logger } from '@org/logger-pino';
import type { RateLimiter, RateLimiterRedisOptions } from './rate-limiter.js';

interface RateLimitSettings extends Environment<typeof environmentTable> {
  readonly RATE_LIMIT_PER_SECOND: number | undefined;
}

/** Opens the rate limiter if RATE_LIMIT_PER_SECOND is set. The library is loaded only then. */
export async function openRateLimiter(environment: RateLimitSettings, log: Logger): Promise<RateLimiter | undefined> {
  const { RATE_LIMIT_PER_SECOND: callsPerSecond } = environment;
  if (callsPerSecond === undefined) return undefined;
  const { createRateLimiter } = await import('./rate-limiter.js');
  return createRateLimiter({ callsPerSecond, redis: await redisOptions(environment, log) });
}

async function redisOptions(environment: RateLimitSettings, log: Logger): Promise<RateLimiterRedisOptions | undefined> {
  const { redis, database, postgres } = contextStoreOptions(environment);
  if (redis === undefined) return undefined;
  const { url, deployment = await nameDeployment(databaseLocation(database), postgres) } = redis;
  return {
    url,
    deployment,
    onStateChange: (state) =>
      state.isConnected
        ? log.info('The rate limit is shared through Redis')
        : log.warn(`Each process limits the rate on its own: Redis is out of reach (${state.reason})`),
  };
}
