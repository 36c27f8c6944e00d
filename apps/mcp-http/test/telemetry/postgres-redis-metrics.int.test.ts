import { randomUUID } from 'node:crypto';
import { redisUrl } from '@org/redis-connection/testing';
import { temporaryDatabase, unusedPort, type TemporaryDatabase } from '@org/store-kysely/testing';
import { scrape, type Scrape } from '@org/telemetry-otel/testing';
import { afterAll, beforeAll, expect, it, onTestFinished } from 'vitest';
import { HttpServerProcess, post } from '../support/mcp-http.js';

let database: TemporaryDatabase;
beforeAll(async () => {
  database = await temporaryDatabase();
});
afterAll(() => database.drop());

async function start(environment: Record<string, string>) {
  const port = await unusedPort();
  const server = await HttpServerProcess.start({
    DATABASE_URL: database.url,
    // Each test has its own session.
    CONTEXT_NAMESPACE: randomUUID(),
    METRICS_PORT: `${port}`,
    CACHE_MEMORY_MIB: '16',
    ...environment,
  });
  onTestFinished(async () => void (await server.stop()));
  const call = async (name: string, args: Record<string, unknown>): Promise<string> => {
    const params = { name, arguments: { sessionKey: 'work', agent: 'a', ...args } };
    return (await post(server.mcp, { jsonrpc: '2.0', id: 1, method: 'tools/call', params })).text();
  };
  await call('registerSession', {});
  for (let index = 0; index < 20; index += 1) await call('updateContext', { contextType: 'message', content: 'x' });
  return { call, scrape: (): Promise<Scrape> => scrape(`http://127.0.0.1:${port}/metrics`) };
}

it('has the hits of the cache, and shows that Redis is in use', async () => {
  const server = await start({ REDIS_URL: redisUrl, CACHE_REDIS: 'true' });
  await expect.poll(async () => (await server.scrape()).value('cache_redis_up')).toBe(1);
  await expect.poll(async () => (await server.scrape()).value('bus_redis_up')).toBe(1);
  for (let time = 0; time < 4; time += 1) await server.call('getContext', {});
  const { value } = await server.scrape();
  expect([value('cache_hits_total'), value('cache_misses_total'), value('cache_hit_ratio')]).toEqual([3, 1, 0.75]);
});

it('shows that Redis is unavailable, while calls succeed', async () => {
  const server = await start({ REDIS_URL: `redis://127.0.0.1:${await unusedPort()}`, CACHE_REDIS: 'true' });
  await expect.poll(async () => (await server.scrape()).value('cache_redis_up')).toBe(0);
  await expect.poll(async () => (await server.scrape()).value('bus_redis_up')).toBe(0);
  for (let time = 0; time < 2; time += 1) expect(await server.call('getContext', {})).toContain('"sequence":20');
  expect((await server.scrape()).value('cache_hit_ratio')).toBe(0.5);
});

it('has no series of Redis if Redis is not used', async () => {
  const server = await start({});
  await server.call('getContext', {});
  const { value, samples } = await server.scrape();
  expect(value('cache_hit_ratio')).toBe(0);
  expect(samples.filter(({ name }) => name.endsWith('_redis_up'))).toEqual([]);
});
