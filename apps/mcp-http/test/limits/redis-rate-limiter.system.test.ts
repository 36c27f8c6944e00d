import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { redisServer, type RedisServer } from '@org/redis-connection/testing';
import { expect, it, onTestFinished } from 'vitest';
import { countAllowed, openLimiter } from './open-limiter.js';

interface Trouble {
  readonly how: string;
  readonly begin: (redis: RedisServer) => Promise<void> | void;
  readonly end: (redis: RedisServer) => Promise<void> | void;
}

it.each<Trouble>([
  { how: 'was killed', begin: (redis) => redis.kill(), end: (redis) => redis.start() },
  { how: 'hangs', begin: (redis) => redis.signal('SIGSTOP'), end: (redis) => redis.signal('SIGCONT') },
])('counts in each process when Redis $how, and shares the limit again afterwards', async ({ begin, end }) => {
  const redis = await redisServer();
  await redis.start();
  onTestFinished(() => redis.kill());
  const deployment = randomUUID();
  const limiters = [openLimiter(redis.url, deployment), openLimiter(redis.url, deployment)] as const;
  for (const { states } of limiters) await expect.poll(() => states).toEqual([true]);
  await begin(redis);
  // Long before the connection itself times out.
  expect(await Promise.race([limiters[0].count('b'), sleep(5000, 'hangs')])).toBeUndefined();
  expect(await countAllowed([limiters[0]], 'a', 15)).toBe(10);
  expect(await countAllowed([limiters[1]], 'a', 15)).toBe(10);
  for (const { states } of limiters) await expect.poll(() => states).toEqual([true, false]);

  await end(redis);
  for (const { states } of limiters) await expect.poll(() => states, { timeout: 15_000 }).toEqual([true, false, true]);
  expect(await countAllowed(limiters, 'c', 15)).toBe(10);
});
