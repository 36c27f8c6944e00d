import { expect, it } from 'vitest';
import { countAllowed, openLimiter } from './open-limiter.js';

it('lets ten seconds of calls through at once, of each caller, and says when to come back', async () => {
  const limiter = openLimiter();
  expect(await countAllowed([limiter], 'a', 15)).toBe(10);
  expect(await countAllowed([limiter], 'b', 15)).toBe(10);
  const waitMs = await limiter.count('a');
  expect(waitMs).toBeGreaterThan(0);
  expect(waitMs).toBeLessThanOrEqual(10_000);
});

it('begins by itself when no Redis is there', async () => {
  const limiter = openLimiter('redis://127.0.0.1:1');
  expect(await countAllowed([limiter], 'a', 15)).toBe(10);
  await expect.poll(() => limiter.states).toEqual([false]);
});
