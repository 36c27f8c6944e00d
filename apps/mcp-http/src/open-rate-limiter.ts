import { databaseLocation, describeLocation } from '@org/context-store';
import type { Logger } from '@org/logger-pino';
import type { HttpEnvironment } from './environment.js';
import type { RateLimiter, RateLimiterRedisOptions } from './rate-limiter.js';

/** Limits how often each caller may call, where RATE_LIMIT_PER_SECOND says so: only then is the library loaded. */
export async function openRateLimiter(environment: HttpEnvironment, log: Logger): Promise<RateLimiter | undefined> {
  const { RATE_LIMIT_PER_SECOND: callsPerSecond } = environment;
  if (callsPerSecond === undefined) return undefined;
  const { createRateLimiter } = await import('./rate-limiter.js');
  return createRateLimiter({ callsPerSecond, redis: redisOptions(environment, log) });
}

function redisOptions(
  { REDIS_URL: url, REDIS_DEPLOYMENT, DATABASE_URL }: HttpEnvironment,
  log: Logger,
): RateLimiterRedisOptions | undefined {
  if (url === undefined) return undefined;
  const deployment = REDIS_DEPLOYMENT ?? describeLocation(databaseLocation(DATABASE_URL));
  return {
    url,
    deployment,
    onStateChange: (state) =>
      state.isConnected
        ? log.info('The rate limit is shared through Redis')
        : log.warn(`Each process limits the rate by itself: Redis is out of reach (${state.reason})`),
  };
}
