import { once } from 'node:events';
import { startOnSocket } from '@org/mcp-stdio/testing';
import { temporaryDatabase, type TemporaryDatabase } from '@org/store-kysely/testing';
import { afterEach, beforeEach, expect, it } from 'vitest';

const REDIS_URL = process.env['REDIS_TEST_URL'] ?? 'redis://127.0.0.1:6379';

let database: TemporaryDatabase;
beforeEach(async () => {
  database = await temporaryDatabase();
});
afterEach(() => database.drop());

it.each([
  ['PostgreSQL', {}],
  ['PostgreSQL and Redis', { REDIS_URL, CACHE_REDIS: 'true' }],
])('mcp-stdio on %s ends when its client resets their socket', async (_services, env) => {
  const { child, client } = await startOnSocket({ DATABASE_URL: database.url, ...env });
  client.resetAndDestroy();
  expect(await once(child, 'exit')).toEqual([0, null]);
});
