import { databaseLocation, nameDeployment } from '@org/context-store';
import { contextStoreOptions } from '@org/context-store/environment';
import type { Logger } from '@org/logger-pino';
import type { HttpEnvironment } from '../environment.js';
import type { RateLimiter, RateLimiterRedisOptions } from './rate-limiter.js';

/** Limits how often each caller may call, where RATE_LIMIT_PER_SECOND says so: only then is the library loaded. */
export async function openRateLimiter(environment: HttpEnvironment, log: Logger): Promise<RateLimiter | undefined> {
  const { RATE_LIMIT_PER_SECOND: callsPerSecond } = environment;
  if (callsPerSecond === undefined) return undefined;
  const { createRateLimiter } = await import('./rate-limiter.js');
  return createRateLimiter({ callsPerSecond, redis: await redisOptions(environment, log) });
}

async function redisOptions(environment: HttpEnvironment, log: Logger): Promise<RateLimiterRedisOptions | undefined> {
  const { redis, database, postgres } = contextStoreOptions(environment);
  if (redis === undefined) return undefined;
  const { url, deployment = await nameDeployment(databaseLocation(database), postgres) } = redis;
  return {
    url,
    deployment,
    onStateChange: (state) =>
      state.isConnected
        ? log.info('The rate limit is shared through Redis')
        : log.warn(`Each process limits the rate by itself: Redis is out of reach (${state.reason})`),
  };
}
