import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { plainClient, redisServer, redisUrl, type RedisServer } from '@org/bus-redis/testing';
import { afterEach, expect, it } from 'vitest';
import { createRateLimiter, type RateLimiter } from '../src/rate-limiter.js';

const closers: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const close of closers.splice(0).toReversed()) await close();
});

interface Opened extends RateLimiter {
  readonly states: boolean[];
}

function open(url?: string, deployment: string = randomUUID()): Opened {
  const states: boolean[] = [];
  const onStateChange = ({ isConnected }: { isConnected: boolean }): unknown => states.push(isConnected);
  const limiter = createRateLimiter({
    callsPerSecond: 1,
    redis: url === undefined ? url : { url, deployment, onStateChange },
  });
  closers.push(limiter.close);
  return { ...limiter, states };
}

/** How many of so many calls are let through. */
async function countAllowed(limiters: readonly RateLimiter[], caller: string, calls: number): Promise<number> {
  let allowed = 0;
  for (let index = 0; index < calls; index += 1) {
    if ((await limiters[index % limiters.length]?.count(caller)) === undefined) allowed += 1;
  }
  return allowed;
}

it('lets ten seconds of calls through at once, of each caller, and says when to come back', async () => {
  const limiter = open();
  expect(await countAllowed([limiter], 'a', 15)).toBe(10);
  expect(await countAllowed([limiter], 'b', 15)).toBe(10);
  const waitMs = await limiter.count('a');
  expect(waitMs).toBeGreaterThan(0);
  expect(waitMs).toBeLessThanOrEqual(10_000);
});

it('is one limit for all processes that share a Redis, and one for each deployment', async () => {
  const deployment = randomUUID();
  const replicas = [open(redisUrl, deployment), open(redisUrl, deployment)];
  const other = open(redisUrl);
  for (const { states } of [...replicas, other]) await expect.poll(() => states).toEqual([true]);
  expect(await countAllowed(replicas, 'a', 15)).toBe(10);
  expect(await countAllowed([other], 'a', 15)).toBe(10);

  const redis = await plainClient();
  const key = `context-store:${deployment}:rate:v1:a`;
  expect(await redis.command('PTTL', key)).toBeGreaterThan(0);
  redis.close();
});

interface Trouble {
  readonly how: string;
  readonly begin: (redis: RedisServer) => Promise<void> | void;
  readonly end: (redis: RedisServer) => Promise<void> | void;
}

it.each<Trouble>([
  { how: 'was killed', begin: (redis) => redis.kill(), end: (redis) => redis.start() },
  { how: 'hangs', begin: (redis) => redis.signal('SIGSTOP'), end: (redis) => redis.signal('SIGCONT') },
])('goes on by itself when Redis $how, and shares again afterwards', async ({ begin, end }) => {
  const redis = await redisServer();
  await redis.start();
  closers.push(() => redis.kill());
  const deployment = randomUUID();
  const limiters = [open(redis.url, deployment), open(redis.url, deployment)] as const;
  for (const { states } of limiters) await expect.poll(() => states).toEqual([true]);
  await begin(redis);
  // Long before the connection itself would be given up.
  expect(await Promise.race([limiters[0].count('b'), sleep(5000, 'hangs')])).toBeUndefined();
  expect(await countAllowed([limiters[0]], 'a', 15)).toBe(10);
  expect(await countAllowed([limiters[1]], 'a', 15)).toBe(10);
  for (const { states } of limiters) await expect.poll(() => states).toEqual([true, false]);

  await end(redis);
  for (const { states } of limiters) await expect.poll(() => states, { timeout: 15_000 }).toEqual([true, false, true]);
  expect(await countAllowed(limiters, 'c', 15)).toBe(10);
});

it('begins by itself when no Redis is there', async () => {
  const limiter = open('redis://127.0.0.1:1');
  expect(await countAllowed([limiter], 'a', 15)).toBe(10);
  await expect.poll(() => limiter.states).toEqual([false]);
});
