import { redisUrl } from '@org/redis-connection/testing';
import { readEnvironment } from '@org/context-store/environment';
import type { Logger } from '@org/logger-pino';
import { temporaryDatabase } from '@org/store-kysely/testing';
import { expect, it, onTestFinished } from 'vitest';
import { httpEnvironmentTable } from '../../src/environment.js';
import { openRateLimiter } from '../../src/limits/open-rate-limiter.js';
import { countAllowed } from './open-limiter.js';

/** A limiter of one call per second that is connected to Redis. */
async function openShared(databaseUrl: string) {
  const { promise: shared, resolve } = Promise.withResolvers<void>();
  const log = { info: () => resolve() } as Partial<Logger> as Logger;
  const limits = { RATE_LIMIT_PER_SECOND: '1', REDIS_URL: redisUrl };
  const environment = readEnvironment(httpEnvironmentTable, { DATABASE_URL: databaseUrl, ...limits });
  const limiter = await openRateLimiter(environment, log);
  if (limiter === undefined) throw new Error('There is a limit');
  onTestFinished(limiter.close);
  await shared;
  return limiter;
}

it('is shared by all processes on one database, whatever URL they use, and not between databases', async () => {
  const databases = [await temporaryDatabase(), await temporaryDatabase()] as const;
  for (const { drop } of databases) onTestFinished(drop);
  const [here, there] = databases.map(({ url }) => new URL(url)) as [URL, URL];
  const otherName = new URL(here);
  otherName.hostname = here.hostname === 'localhost' ? '127.0.0.1' : 'localhost';
  const replicas = [await openShared(here.href), await openShared(otherName.href)];
  expect(await countAllowed(replicas, 'a', 15)).toBe(10);
  expect(await countAllowed([await openShared(there.href)], 'a', 15)).toBe(10);
});
