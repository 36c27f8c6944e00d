import { randomUUID } from 'node:crypto';
import { onTestFinished } from 'vitest';
import { createRateLimiter, type RateLimiter } from '../../src/limits/rate-limiter.js';

export interface Opened extends RateLimiter {
  /** One value per change: true if it was connected to Redis. */
  readonly states: boolean[];
}

/** Opens a limiter of one call per second, and closes it after the test. */
export function openLimiter(url?: string, deployment: string = randomUUID()): Opened {
  const states: boolean[] = [];
  const onStateChange = ({ isConnected }: { isConnected: boolean }): unknown => states.push(isConnected);
  const limiter = createRateLimiter({
    callsPerSecond: 1,
    redis: url === undefined ? url : { url, deployment, onStateChange },
  });
  onTestFinished(limiter.close);
  return { ...limiter, states };
}

/** Sends calls, and returns how many of them are within the limit. */
export async function countAllowed(limiters: readonly RateLimiter[], caller: string, calls: number): Promise<number> {
  let allowed = 0;
  for (let index = 0; index < calls; index += 1) {
    if ((await limiters[index % limiters.length]?.count(caller)) === undefined) allowed += 1;
  }
  return allowed;
}
