import { randomUUID } from 'node:crypto';
import { onTestFinished } from 'vitest';
import { createRateLimiter, type RateLimiter } from '../src/limits/rate-limiter.js';

export interface Opened extends RateLimiter {
  /** Whether it was connected to Redis, at each change. */
  readonly states: boolean[];
}

/** A limiter of one call a second, until the test is over. */
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

/** How many of so many calls are let through. */
export async function countAllowed(limiters: readonly RateLimiter[], caller: string, calls: number): Promise<number> {
  let allowed = 0;
  for (let index = 0; index < calls; index += 1) {
    if ((await limiters[index % limiters.length]?.count(caller)) === undefined) allowed += 1;
  }
  return allowed;
}
