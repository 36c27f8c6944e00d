import { temporaryDatabase, unusedPort } from '@org/store-kysely/testing';
import { scrape } from '@org/telemetry-otel/testing';
import { expect, it, onTestFinished } from 'vitest';
import { HttpServerProcess, post } from './mcp-http.js';

it('tells of the pool, the waits for it, and each statement by its name', async () => {
  const database = await temporaryDatabase();
  onTestFinished(database.drop);
  const port = await unusedPort();
  const server = await HttpServerProcess.start({
    DATABASE_URL: database.url,
    DATABASE_POOL_SIZE: '3',
    METRICS_PORT: `${port}`,
  });
  const call = async (name: string, args: Record<string, unknown>): Promise<void> => {
    const params = { name, arguments: { sessionKey: 'work', agent: 'a', ...args } };
    await (await post(server.mcp, { jsonrpc: '2.0', id: 1, method: 'tools/call', params })).text();
  };
  await call('registerSession', {});
  for (let index = 0; index < 3; index += 1) await call('updateContext', { contextType: 'message', content: 'x' });

  const { value, sum, samples } = await scrape(`http://127.0.0.1:${port}/metrics`);
  await server.stop();
  expect([value('db_pool_size'), value('db_pool_in_use'), value('db_pool_waiting')]).toEqual([3, 0, 0]);
  expect(sum('context_entries_total')).toBe(3);
  const appends = samples.filter(
    ({ name, labels }) => name === 'db_query_time_seconds_count' && labels['statement']?.startsWith('append_entries'),
  );
  expect(appends.reduce((total, { value: times }) => total + times, 0)).toBe(3);
  // Each statement waited for its connection, however shortly.
  expect(value('db_pool_wait_seconds_count')).toBe(sum('db_query_time_seconds_count'));
});
