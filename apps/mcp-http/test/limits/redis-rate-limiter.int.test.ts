import { randomUUID } from 'node:crypto';
import { plainClient, redisUrl } from '@org/redis-connection/testing';
import { expect, it } from 'vitest';
import { countAllowed, openLimiter } from './open-limiter.js';

it('is shared by all processes of a deployment on one Redis, and not between deployments', async () => {
  const deployment = randomUUID();
  const replicas = [openLimiter(redisUrl, deployment), openLimiter(redisUrl, deployment)];
  const other = openLimiter(redisUrl);
  for (const { states } of [...replicas, other]) await expect.poll(() => states).toEqual([true]);
  expect(await countAllowed(replicas, 'a', 15)).toBe(10);
  expect(await countAllowed([other], 'a', 15)).toBe(10);

  const redis = await plainClient();
  const key = `context-store:${deployment}:rate:v1:a`;
  expect(await redis.command('PTTL', key)).toBeGreaterThan(0);
  redis.close();
});
