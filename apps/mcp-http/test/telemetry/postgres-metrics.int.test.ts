import { temporaryDatabase, unusedPort } from '@org/store-kysely/testing';
import { scrape } from '@org/telemetry-otel/testing';
import { expect, it, onTestFinished } from 'vitest';
import { HttpServerProcess, post } from '../support/mcp-http.js';
import { callTool } from '../support/tool-call.js';

it('shows the main metrics in the first 50 lines, whatever calls were made', async () => {
  const database = await temporaryDatabase();
  onTestFinished(database.drop);
  const port = await unusedPort();
  const server = await HttpServerProcess.start({
    DATABASE_URL: database.url,
    CACHE_MEMORY_MIB: '16',
    METRICS_PORT: `${port}`,
  });
  onTestFinished(async () => void (await server.stop()));
  await callTool(server.mcp, 'registerSession');
  for (let index = 0; index < 20; index += 1) {
    await callTool(server.mcp, 'updateContext', { contextType: 'message', content: 'x' });
    await callTool(server.mcp, 'getContext');
  }
  const sessionKey = undefined;
  for (const requestType of ['context_transfer', 'collaboration', 'full_handoff']) {
    const { text } = await callTool(server.mcp, 'requestHandoff', { requestType });
    const handoffId = /"handoffId":"([^"]+)"/.exec(text)?.[1];
    await callTool(server.mcp, 'acceptHandoff', { sessionKey, handoffId, agent: 'builder' });
  }
  await post(server.mcp, 'not JSON');

  const exposed = await (await fetch(`http://127.0.0.1:${port}/metrics`)).text();
  const first = exposed.split('\n').slice(0, 50);
  const index = first.filter((line) => line.startsWith('# ') && !/^# (?:HELP|TYPE|UNIT) /.test(line)).join('\n');
  for (const name of [
    'sessions_created_total',
    'handoffs_processed_total',
    'context_entries_total',
    'tool_duration_ms_bucket',
    'db_query_time_seconds_bucket',
    'cache_hit_ratio',
    'error_rate',
    'db_pool_in_use',
    'db_pool_waiting',
    'cache_hits_total',
    'nodejs_eventloop_lag_p99_seconds',
    'nodejs_heap_size_used_bytes',
    'process_cpu_seconds_total',
    'http_requests_refused_total',
  ]) {
    expect(index).toContain(` ${name}: `);
  }
  // The metrics with few series follow, complete.
  for (const [name, series] of [
    ['sessions_created_total', 1],
    ['context_entries_total', 4],
    ['cache_hit_ratio', 1],
    ['error_rate', 1],
  ] as const) {
    expect(first.filter((line) => line.startsWith(`# TYPE ${name} `))).toHaveLength(1);
    expect(first.filter((line) => line.split(/[ {]/)[0] === name)).toHaveLength(series);
  }
  // The last of them, of each type and event, may go on after these lines.
  expect(first.filter((line) => line.startsWith('# TYPE handoffs_processed_total '))).toHaveLength(1);
  expect(exposed.match(/^handoffs_processed_total\{/gm)).toHaveLength(24);
  expect(first).toContain('sessions_created_total 1');
  expect(first).toContain('context_entries_total{type="message"} 20');
  expect(first).toContain('handoffs_processed_total{type="full_handoff",event="accepted"} 1');
});

it('has the pool, the waits for connections, and each statement by name', async () => {
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
    ({ name, labels }) => name === 'db_query_time_seconds_count' && labels['statement']?.startsWith('append_entr'),
  );
  expect(appends.reduce((total, { value: times }) => total + times, 0)).toBe(3);
  // Each statement has one measured wait for a connection.
  expect(value('db_pool_wait_seconds_count')).toBe(sum('db_query_time_seconds_count'));
});
