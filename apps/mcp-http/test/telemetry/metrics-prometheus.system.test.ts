import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { temporaryDatabase, unusedPort } from '@org/store-kysely/testing';
import { scrape } from '@org/telemetry-otel/testing';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { HttpServerProcess, post, temporaryFolder } from '../support/mcp-http.js';

/** The number of appends before the first scrape. */
const appends = 20;
let calls = 0;

let folder: Awaited<ReturnType<typeof temporaryFolder>>;
let database: Awaited<ReturnType<typeof temporaryDatabase>>;
let server: HttpServerProcess;
let metricsPort: number;
beforeAll(async () => {
  folder = await temporaryFolder();
  database = await temporaryDatabase();
  metricsPort = await unusedPort();
  server = await HttpServerProcess.start({
    DATABASE_URL: database.url,
    DATABASE_POOL_SIZE: '3',
    METRICS_PORT: `${metricsPort}`,
  });
  await call('registerSession', {});
  await post(server.mcp, 'not JSON');
  await call('getContext', { sessionKey: 'none', agent: undefined });
  for (let index = 0; index < appends; index += 1)
    await call('updateContext', { contextType: 'message', content: 'x' });
  // The first read loads the full page, and the acceptance loads the summary: neither was cached before.
  for (let time = 0; time < 3; time += 1) await call('getContext', {});
  const offer = await call('requestHandoff', { requestType: 'full_handoff' });
  const handoffId = /"handoffId":"([^"]+)"/.exec(offer)?.[1];
  await call('acceptHandoff', { sessionKey: undefined, agent: 'builder', handoffId });
  await database.query('alter table handoffs rename to others');
  await call('listHandoffs', { sessionKey: undefined });
  await database.query('alter table others rename to handoffs');
});
afterAll(async () => {
  await server.stop();
  await database.drop();
  await folder.remove();
});

async function call(name: string, args: Record<string, unknown>): Promise<string> {
  calls += 1;
  const params = { name, arguments: { sessionKey: 'work', agent: 'planner', ...args } };
  return (await post(server.mcp, { jsonrpc: '2.0', id: 1, method: 'tools/call', params })).text();
}

it('passes promtool, which only complains about names that are required', async () => {
  const text = await (await fetch(`http://127.0.0.1:${metricsPort}/metrics`)).text();
  const { stdout, stderr } = spawnSync('promtool', ['check', 'metrics'], { input: text, encoding: 'utf8' });
  const complaints = `${stdout}${stderr}`.trim().split('\n');
  expect(complaints.filter((complaint) => !complaint.startsWith('tool_duration_ms '))).toEqual([]);
});

it('is read correctly by a real Prometheus', async () => {
  const port = await unusedPort();
  const config = join(folder.path, 'prometheus.yml');
  await writeFile(
    config,
    JSON.stringify({
      scrape_configs: [
        {
          job_name: 'context-store',
          scrape_interval: '1s',
          static_configs: [{ targets: [`127.0.0.1:${metricsPort}`] }],
        },
      ],
    }),
  );
  const prometheus = spawn(
    'prometheus',
    [
      `--config.file=${config}`,
      `--storage.tsdb.path=${join(folder.path, 'tsdb')}`,
      `--web.listen-address=127.0.0.1:${port}`,
    ],
    { stdio: 'ignore' },
  );
  const query = async (expression: string): Promise<number | undefined> => {
    const url = `http://127.0.0.1:${port}/api/v1/query?query=${encodeURIComponent(expression)}`;
    const response = await fetch(url).catch(() => undefined);
    if (response?.ok !== true) return undefined;
    const { data } = (await response.json()) as { data: { result: { value: [number, string] }[] } };
    return data.result[0] === undefined ? undefined : Number(data.result[0].value[1]);
  };
  try {
    await expect.poll(() => query('sessions_created_total')).toBe(1);
    const expected = {
      up: 1,
      'context_entries_total{type="message"}': appends,
      'sum(handoffs_processed_total)': 2,
      'handoffs_processed_total{type="full_handoff",event="requested"}': 1,
      'handoffs_processed_total{type="full_handoff",event="accepted"}': 1,
      'tool_duration_ms_count{tool="updateContext",outcome="ok",waits="false"}': appends,
      'tool_duration_ms_bucket{tool="updateContext",le="+Inf"}': appends,
      'tool_errors_total{tool="getContext",kind="client_error",code="SESSION_NOT_FOUND"}': 1,
      'tool_errors_total{tool="listHandoffs",kind="fault",code="STORE_UNAVAILABLE"}': 1,
      error_rate: 1 / calls,
      cache_hits_total: 3,
      cache_misses_total: 2,
      cache_hit_ratio: 0.6,
      'http_requests_refused_total{status="400",reason="malformed"}': 1,
      'sum(http_requests_open)': 0,
      'sum(db_query_time_seconds_count{statement=~"append_entr(y|ies).*"})': appends,
      db_pool_size: 3,
      db_pool_waiting: 0,
      'count(nodejs_eventloop_lag_p50_seconds <= nodejs_eventloop_lag_p99_seconds < 10)': 1,
      'count(nodejs_heap_size_used_bytes > 1e6 < nodejs_heap_size_limit_bytes)': 1,
      'count(process_resident_memory_bytes > 1e7 < process_memory_limit_bytes)': 1,
      'count(process_cpu_seconds_total > 0.01)': 1,
    };
    const found = await Promise.all(
      Object.keys(expected).map(async (expression) => [expression, await query(expression)] as const),
    );
    expect(Object.fromEntries(found)).toEqual(expected);
    const [p95] = [await query('histogram_quantile(0.95, sum by (le) (tool_duration_ms_bucket))')];
    expect(p95).toBeGreaterThan(0);

    // The parser of the other tests reads the same values as Prometheus.
    const { samples } = await scrape(`http://127.0.0.1:${metricsPort}/metrics`);
    const steady = samples.filter(({ name }) => !/^(?:nodejs|process)_/.test(name));
    const read = await Promise.all(
      steady.map(({ name, labels }) =>
        query(
          `${name}{${Object.entries(labels)
            .map(([label, value]) => `${label}="${value}"`)
            .join(',')}}`,
        ),
      ),
    );
    expect(read).toEqual(steady.map(({ value }) => value));
  } finally {
    prometheus.kill();
    await once(prometheus, 'close');
  }
});
