import { expect, it } from 'vitest';
import { countAllowed, openLimiter } from './open-limiter.js';

it('lets each caller send ten seconds of calls at once, and returns how long to wait then', async () => {
  const limiter = openLimiter();
  expect(await countAllowed([limiter], 'a', 15)).toBe(10);
  expect(await countAllowed([limiter], 'b', 15)).toBe(10);
  const waitMs = await limiter.count('a');
  expect(waitMs).toBeGreaterThan(0);
  expect(waitMs).toBeLessThanOrEqual(10_000);
});

it('counts in this process if Redis is not available at the start', async () => {
  const limiter = openLimiter('redis://127.0.0.1:1');
  expect(await countAllowed([limiter], 'a', 15)).toBe(10);
  await expect.poll(() => limiter.states).toEqual([false]);
});
