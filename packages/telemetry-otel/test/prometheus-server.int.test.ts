import { execFile } from 'node:child_process';
import { once } from 'node:events';
import { createServer } from 'node:http';
import { connect, type AddressInfo } from 'node:net';
import { promisify } from 'node:util';
import { createContextStore, errorFrom, type ContextStore, type ErrorCode } from '@org/domain';
import { createMemoryStore } from '@org/store-contract';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createOtelTelemetry, httpMetrics, processMetrics, storeMetrics } from '../src/index.js';
import { openPrometheusServer, startOtelSdk, type OtelSdk, type PrometheusServer } from '../src/sdk/index.js';
import { scrape } from '../src/testing/index.js';

const planted = (code: ErrorCode) => errorFrom({ code, message: 'planted', details: {}, retryable: true });

describe('a scrape of a process', () => {
  let endpoint: PrometheusServer;
  let sdk: OtelSdk;
  let contextStore: ContextStore;
  let lines: string[];
  beforeEach(async () => {
    lines = [];
    const log = (line: string): void => void lines.push(line);
    endpoint = await openPrometheusServer({ host: '127.0.0.1', port: 0, log });
    sdk = startOtelSdk({
      serviceName: 'test',
      version: '1.0.0',
      isTraced: false,
      pushesMetrics: false,
      prometheus: endpoint,
      log,
    });
    contextStore = createContextStore({ store: createMemoryStore(), telemetry: sdk.telemetry }, { agent: 'planner' });
  });
  afterEach(async () => {
    await contextStore.close();
    await sdk.close();
  });

  const fail = (code: ErrorCode): Promise<void> =>
    sdk.telemetry
      .measure({ tool: 'getContext', waits: false }, () => Promise.reject(planted(code)))
      .catch((error: unknown) => expect(error).toMatchObject({ code }));

  it('begins with every counter of events at 0, an error rate, and a hit ratio', async () => {
    const { value, sum, samples } = await scrape(endpoint.url);
    expect(value('sessions_created_total')).toBe(0);
    expect(value('context_entries_total', { type: 'tool_call' })).toBe(0);
    expect(value('handoffs_processed_total', { type: 'full_handoff', event: 'returned' })).toBe(0);
    expect(value('error_rate')).toBe(0);
    expect(sum('tool_duration_ms_count')).toBe(0);
    // A cache that has not been asked answers nothing.
    expect(['cache_hit_ratio', 'cache_hits_total', 'cache_misses_total'].map((name) => value(name))).toEqual([0, 0, 0]);
    // Without a pool and without Redis, their metrics are absent.
    expect(samples.filter(({ name }) => /^db_pool|_up$/.test(name))).toEqual([]);
  });

  it('counts each event once, also where calls are retried', async () => {
    for (let time = 0; time < 2; time += 1) {
      await contextStore.registerSession({ sessionKey: 'work', idempotencyKey: 'r' });
      await contextStore.updateContext({
        sessionKey: 'work',
        contextType: 'message',
        content: 'x',
        idempotencyKey: 'm',
      });
    }
    await contextStore.updateContext({ sessionKey: 'work', contextType: 'file', content: 'x' });
    const { handoff } = await contextStore.requestHandoff({ sessionKey: 'work', requestType: 'full_handoff' });
    await contextStore.acceptHandoff({ handoffId: handoff.handoffId, agent: 'b' });
    await contextStore.resolveHandoff({ handoffId: handoff.handoffId, agent: 'b', outcome: 'completed' });

    const { samples } = await scrape(endpoint.url);
    const counted = samples.filter(
      ({ name, value }) => /^(?:sessions|context|handoffs)_\w+_total$/.test(name) && value > 0,
    );
    expect(counted.map(({ name, labels, value }) => [name, labels, value])).toEqual([
      ['sessions_created_total', {}, 1],
      ['context_entries_total', { type: 'message' }, 1],
      ['context_entries_total', { type: 'file' }, 1],
      ['handoffs_processed_total', { type: 'full_handoff', event: 'requested' }, 1],
      ['handoffs_processed_total', { type: 'full_handoff', event: 'accepted' }, 1],
      ['handoffs_processed_total', { type: 'full_handoff', event: 'completed' }, 1],
    ]);
  });

  it('counts client errors apart from faults, and calls that wait apart from the others', async () => {
    await contextStore.registerSession({ sessionKey: 'work' });
    await contextStore.getContext({ sessionKey: 'work' });
    await contextStore.getContext({ sessionKey: 'none' }).catch(() => undefined);
    await contextStore.getContext({ sessionKey: '' }).catch(() => undefined);
    await contextStore.listHandoffs({ waitSeconds: 0.01 });
    for (const code of ['INTERNAL_ERROR', 'STORE_UNAVAILABLE', 'OVERLOADED'] as const) await fail(code);

    const { value, samples } = await scrape(endpoint.url);
    const calls = (tool: string, outcome: string, waits = 'false'): number | undefined =>
      value('tool_duration_ms_count', { tool, outcome, waits });
    expect(calls('registerSession', 'ok')).toBe(1);
    expect(calls('getContext', 'ok')).toBe(1);
    expect(calls('getContext', 'client_error')).toBe(2);
    expect(calls('getContext', 'fault')).toBe(3);
    expect(calls('listHandoffs', 'ok', 'true')).toBe(1);
    expect(value('tool_duration_ms_bucket', { tool: 'getContext', outcome: 'fault', waits: 'false', le: '+Inf' })).toBe(
      3,
    );
    expect(
      samples
        .filter(({ name }) => name === 'tool_errors_total')
        .map(({ labels, value: times }) => `${labels['kind']} ${labels['code']} ${times}`),
    ).toEqual([
      'client_error SESSION_NOT_FOUND 1',
      'client_error VALIDATION_ERROR 1',
      'fault INTERNAL_ERROR 1',
      'fault STORE_UNAVAILABLE 1',
      'fault OVERLOADED 1',
    ]);
    expect(value('error_rate')).toBe(3 / 8);
  });

  it('counts cancelled calls, and leaves them out of the error rate', async () => {
    await contextStore.registerSession({ sessionKey: 'work' });
    await fail('OVERLOADED');
    for (let time = 0; time < 2; time += 1) await fail('CANCELLED');
    const { value } = await scrape(endpoint.url);
    expect(value('tool_duration_ms_count', { tool: 'getContext', outcome: 'cancelled', waits: 'false' })).toBe(2);
    expect(value('tool_errors_total', { tool: 'getContext', kind: 'cancelled', code: 'CANCELLED' })).toBe(2);
    expect(value('error_rate')).toBe(1 / 2);
  });

  it('counts refused calls of a caller that sent too many, and leaves them out of the error rate', async () => {
    await contextStore.registerSession({ sessionKey: 'work' });
    await fail('OVERLOADED');
    for (let time = 0; time < 1000; time += 1) await fail('RATE_LIMITED');
    const { value } = await scrape(endpoint.url);
    expect(value('tool_duration_ms_count', { tool: 'getContext', outcome: 'refused', waits: 'false' })).toBe(1000);
    expect(value('tool_errors_total', { tool: 'getContext', kind: 'refused', code: 'RATE_LIMITED' })).toBe(1000);
    expect(value('error_rate')).toBe(1 / 2);
  });

  it('has narrow buckets where durations of calls usually lie, and a boundary at the goal', async () => {
    await contextStore.registerSession({ sessionKey: 'work' });
    const { samples } = await scrape(endpoint.url);
    const bounds = samples.filter(({ name }) => name === 'tool_duration_ms_bucket').map(({ labels }) => labels['le']);
    expect(bounds).toContain('100');
    expect(bounds.filter((bound) => Number(bound) < 25).length).toBeGreaterThanOrEqual(10);
  });

  it.each([
    [true, 1, 0],
    [false, 0, 1],
  ])('counts the first lookup of a cache and its ratio, where it is a hit: %s', async (isHit, hits, misses) => {
    sdk.telemetry.recordCacheLookup(isHit);
    const { value } = await scrape(endpoint.url);
    expect([value('cache_hits_total'), value('cache_misses_total'), value('cache_hit_ratio')]).toEqual([
      hits,
      misses,
      hits,
    ]);
  });

  it('logs once that something cannot be measured, and once that all can be again', async () => {
    const close = sdk.telemetry.observePool(() => {
      throw new Error('planted');
    });
    for (let time = 0; time < 2; time += 1) {
      const { value } = await scrape(endpoint.url);
      expect([value('sessions_created_total'), value('db_pool_size')]).toEqual([0, undefined]);
    }
    close();
    for (let time = 0; time < 2; time += 1) await scrape(endpoint.url);
    expect(lines).toEqual(['Not all can be measured: Error: planted', 'All can be measured again.']);
  });

  it('counts an error of any other class as a fault, and rethrows it', async () => {
    const error = new TypeError('planted');
    const call = sdk.telemetry.measure({ tool: 'getContext', waits: false }, () => Promise.reject(error));
    await expect(call).rejects.toBe(error);
    const { value } = await scrape(endpoint.url);
    expect(value('tool_errors_total', { tool: 'getContext', kind: 'fault', code: 'INTERNAL_ERROR' })).toBe(1);
  });

  it('measures statements, pools and caches, in seconds and shares', async () => {
    const { telemetry } = sdk;
    telemetry.recordStatement('append_entries', 2, 'postgresql');
    telemetry.recordStatement('append_entries', 700, 'postgresql');
    telemetry.recordPoolWait(30);
    const close = telemetry.observePool(() => ({ size: 4, inUse: 3, waiting: 2 }));
    telemetry.observePool(() => ({ size: 10, inUse: 1, waiting: 0 }));
    for (const isHit of [true, true, true, false]) telemetry.recordCacheLookup(isHit);

    const first = await scrape(endpoint.url);
    const statement = 'append_entries';
    expect(first.value('db_query_time_seconds_sum', { statement })).toBeCloseTo(0.702);
    expect(first.value('db_query_time_seconds_bucket', { statement, le: '0.001' })).toBe(0);
    expect(first.value('db_query_time_seconds_bucket', { statement, le: '0.002' })).toBe(1);
    expect(first.value('db_query_time_seconds_bucket', { statement, le: '1' })).toBe(2);
    expect(first.value('db_pool_wait_seconds_sum')).toBeCloseTo(0.03);
    expect([first.value('db_pool_size'), first.value('db_pool_in_use'), first.value('db_pool_waiting')]).toEqual([
      14, 4, 2,
    ]);
    expect([first.value('cache_hits_total'), first.value('cache_misses_total')]).toEqual([3, 1]);
    expect(first.value('cache_hit_ratio')).toBe(0.75);

    close();
    expect((await scrape(endpoint.url)).value('db_pool_size')).toBe(10);
  });

  it('shows whether all links of a kind are up, after the first attempt to connect', async () => {
    const { telemetry } = sdk;
    const states: (boolean | undefined)[] = [undefined, true];
    const close = telemetry.observeLink('cache', () => states[0]);
    telemetry.observeLink('bus', () => undefined);
    const read = async (): Promise<unknown> => {
      const { value } = await scrape(endpoint.url);
      return [value('cache_redis_up'), value('bus_redis_up')];
    };
    expect(await read()).toEqual([undefined, undefined]);
    telemetry.observeLink('cache', () => states[1]);
    expect(await read()).toEqual([1, undefined]);
    states[0] = false;
    expect(await read()).toEqual([0, undefined]);
    telemetry.observeLink('bus', () => true);
    close();
    expect(await read()).toEqual([1, 1]);
  });

  it('has every metric of the tables with its type, and no other', async () => {
    const { telemetry } = sdk;
    await contextStore.registerSession({ sessionKey: 'work' });
    await fail('INTERNAL_ERROR');
    telemetry.recordStatement('ping', 1, 'postgresql');
    telemetry.recordPoolWait(1);
    telemetry.observePool(() => ({ size: 1, inUse: 0, waiting: 0 }));
    for (const link of ['bus', 'cache'] as const) telemetry.observeLink(link, () => true);
    telemetry.recordCacheLookup(true);
    telemetry.recordCacheLookup(false);
    sdk.httpTelemetry.countRefusal(401, 'no_credential');
    sdk.httpTelemetry.observeRequests(() => ({ served: 1, queued: 0, waiting: 0, listening: 0 }));
    sdk.httpTelemetry.observeConnections(() => ({ idle: 1, busy: 1 }));
    sdk.httpTelemetry.countShedConnection('idle');

    const { types, samples } = await scrape(endpoint.url);
    const table = Object.entries({ ...storeMetrics, ...httpMetrics, ...processMetrics });
    expect(Object.fromEntries(types)).toEqual(Object.fromEntries(table.map(([name, { kind }]) => [name, kind])));
    expect(samples.every(({ value }) => value >= 0)).toBe(true);
    const gauges = new Map(samples.map(({ name, value }) => [name, value]));
    expect(gauges.get('process_cpu_seconds_total')).toBeGreaterThan(0);
    expect(gauges.get('nodejs_heap_size_used_bytes')).toBeLessThan(gauges.get('nodejs_heap_size_limit_bytes') ?? 0);
    expect(gauges.get('process_resident_memory_bytes')).toBeLessThan(gauges.get('process_memory_limit_bytes') ?? 0);
  });

  it('begins with an index of all metrics, in the one format that allows comments', async () => {
    const headers = { accept: 'application/openmetrics-text;version=1.0.0,text/plain;version=0.0.4;q=0.5' };
    const response = await fetch(endpoint.url, { headers });
    expect(response.headers.get('content-type')).toBe('text/plain; version=0.0.4; charset=utf-8');
    const answer = (await response.text()).split('\n');
    const index = answer.slice(
      0,
      answer.findIndex((line) => /^# (?:HELP|TYPE|UNIT) /.test(line)),
    );
    expect(index.every((line) => line.startsWith('# ') && line.length <= 150)).toBe(true);
    const listed = index.flatMap((line) => [...line.matchAll(/(?<=[#|] )\w+(?=: )/g)].map(([name]) => name));
    expect(listed).toEqual(
      Object.entries({ ...storeMetrics, ...httpMetrics, ...processMetrics }).map(([name, { kind }]) =>
        kind === 'histogram' ? `${name}_bucket` : name,
      ),
    );
  });

  it('answers at /metrics alone', async () => {
    expect((await fetch(new URL('/', endpoint.url))).status).toBe(404);
    const posted = await fetch(endpoint.url, { method: 'POST' });
    expect([posted.status, posted.headers.get('allow')]).toEqual([405, 'GET, HEAD']);
    expect((await fetch(endpoint.url, { method: 'HEAD' })).status).toBe(200);
    expect((await fetch(`${endpoint.url}?name=x`)).status).toBe(200);
  });
});

const log = (line: string): void => expect.fail(line);

it('throws if the port is taken, and leaves nothing open', async () => {
  const taken = createServer().listen(0, '127.0.0.1');
  await once(taken, 'listening');
  const { port } = taken.address() as AddressInfo;
  await expect(openPrometheusServer({ host: '127.0.0.1', port, log })).rejects.toMatchObject({ code: 'EADDRINUSE' });
  taken.close();
  await once(taken, 'close');
  const endpoint = await openPrometheusServer({ host: '127.0.0.1', port, log });
  expect(endpoint.url).toBe(`http://127.0.0.1:${port}/metrics`);
  await endpoint.close();
});

it('closes while a scraper keeps its connection open', async () => {
  const endpoint = await openPrometheusServer({ host: '127.0.0.1', port: 0, log });
  const socket = connect(Number(new URL(endpoint.url).port), '127.0.0.1');
  await once(socket, 'connect');
  const closed = new Promise((resolve) => socket.on('error', () => undefined).once('close', resolve));
  socket.write('GET /metrics HTTP/1.1\r\n');
  await endpoint.close();
  await closed;
  await expect(scrape(endpoint.url)).rejects.toThrow('fetch failed');
});

it('loads neither an SDK nor an exporter into a program that has its own', async () => {
  const reportLoaded = `
    import { registerHooks } from 'node:module';
    registerHooks({
      load(url, context, next) {
        process.stdout.write(url + '\\n');
        return next(url, context);
      },
    });
    await import('@org/telemetry-otel');`;
  const { stdout, stderr } = await promisify(execFile)(
    process.execPath,
    ['--input-type=module', `--eval=${reportLoaded}`],
    { cwd: import.meta.dirname },
  );
  expect(stderr).toBe('');
  expect(stdout).toMatch(/\/@opentelemetry\/api\//);
  expect(stdout.split('\n').filter((url) => /\/@opentelemetry\/(?:sdk|exporter|otlp|resources)/.test(url))).toEqual([]);
});

it('measures nothing if no provider is registered, and passes calls through', async () => {
  const telemetry = createOtelTelemetry();
  const contextStore = createContextStore({ store: createMemoryStore(), telemetry }, { agent: 'planner' });
  const { session } = await contextStore.registerSession({ sessionKey: 'work' });
  expect(session.owner).toBe('planner');
  await contextStore.close();
});
