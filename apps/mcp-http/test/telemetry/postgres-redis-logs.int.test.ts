import { temporaryDatabase, type TemporaryDatabase } from '@org/store-kysely/testing';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { HttpServerProcess } from '../support/mcp-http.js';

const redisUrl = process.env['REDIS_TEST_URL'] ?? 'redis://127.0.0.1:6379';

let database: TemporaryDatabase;
beforeEach(async () => {
  database = await temporaryDatabase();
});
afterEach(() => database.drop());

it('logs that Redis refuses the password, without the password', async () => {
  const server = await HttpServerProcess.start({
    DATABASE_URL: database.url,
    REDIS_URL: Object.assign(new URL(redisUrl), { username: 'nobody', password: 's3cret' }).href,
    CACHE_MEMORY_MIB: '1',
    CACHE_REDIS: 'true',
  });
  await expect.poll(() => server.log.find(({ level }) => level === 'warn')?.['msg']).toMatch(/Redis \(.*WRONGPASS/);
  await server.stop();
  expect(JSON.stringify(server.log)).not.toContain('s3cret');
});
