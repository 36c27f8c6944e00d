import { once } from 'node:events';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { unusedPort } from '@org/store-kysely/testing';
import { scrape, type Scrape } from '@org/telemetry-otel/testing';
import Database from 'better-sqlite3';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { HttpServerProcess, post, temporaryFolder } from '../support/mcp-http.js';

let folder: Awaited<ReturnType<typeof temporaryFolder>>;
beforeEach(async () => {
  folder = await temporaryFolder();
});
afterEach(() => folder.remove());

/** Calls a tool as the agent planner; answers with the handoff's id, if there is one. */
async function call(server: HttpServerProcess, name: string, args: Record<string, unknown>): Promise<string> {
  const params = { name, arguments: { agent: 'planner', ...args } };
  const answer = await (await post(server.mcp, { jsonrpc: '2.0', id: 1, method: 'tools/call', params })).text();
  return /"handoffId":"([^"]+)"/.exec(answer)?.[1] ?? answer;
}

describe('metrics of a server', () => {
  let server: HttpServerProcess;
  let metrics: string;
  beforeEach(async () => {
    const port = await unusedPort();
    metrics = `http://127.0.0.1:${port}/metrics`;
    server = await HttpServerProcess.start({
      DATABASE_URL: `sqlite:${folder.path}/context.db`,
      METRICS_PORT: `${port}`,
    });
  });
  afterEach(() => server.stop());

  const positive = ({ samples }: Scrape, names: RegExp): unknown[] =>
    samples
      .filter(({ name, value }) => names.test(name) && value > 0)
      .map(({ name, labels, value }) => [name, ...Object.values(labels), value].join(' '))
      .toSorted();

  it('count what was done', async () => {
    await call(server, 'registerSession', { sessionKey: 'work' });
    await call(server, 'registerSession', { sessionKey: 'work' });
    for (const contextType of ['message', 'message', 'tool_call']) {
      await call(server, 'updateContext', { sessionKey: 'work', contextType, content: 'x' });
    }
    await call(server, 'getContext', { sessionKey: 'none' });
    const handoffId = await call(server, 'requestHandoff', { sessionKey: 'work', requestType: 'full_handoff' });
    await call(server, 'acceptHandoff', { handoffId, agent: 'b' });
    await call(server, 'resolveHandoff', { handoffId, agent: 'b', outcome: 'returned' });
    await call(server, 'listHandoffs', { agent: 'c', waitSeconds: 1 });

    const first = await scrape(metrics);
    expect(positive(first, /^(?:sessions|context|handoffs|tool_errors)_\w*total$/)).toEqual([
      'context_entries_total message 2',
      'context_entries_total tool_call 1',
      'handoffs_processed_total full_handoff accepted 1',
      'handoffs_processed_total full_handoff requested 1',
      'handoffs_processed_total full_handoff returned 1',
      'sessions_created_total 1',
      'tool_errors_total getContext client_error SESSION_NOT_FOUND 1',
      'tool_errors_total registerSession client_error SESSION_EXISTS 1',
    ]);
    expect(positive(first, /^tool_duration_ms_count$/)).toEqual([
      'tool_duration_ms_count acceptHandoff ok false 1',
      'tool_duration_ms_count getContext client_error false 1',
      'tool_duration_ms_count listHandoffs ok true 1',
      'tool_duration_ms_count registerSession client_error false 1',
      'tool_duration_ms_count registerSession ok false 1',
      'tool_duration_ms_count requestHandoff ok false 1',
      'tool_duration_ms_count resolveHandoff ok false 1',
      'tool_duration_ms_count updateContext ok false 3',
    ]);
    expect(first.value('tool_duration_ms_sum', { tool: 'listHandoffs', outcome: 'ok', waits: 'true' })).toBeGreaterThan(
      900,
    );
    expect(first.value('error_rate')).toBe(0);
    const statements = (statement: string): number | undefined =>
      first.value('db_query_time_seconds_count', { statement });
    // Three names were noted, each once.
    expect(['create_session', 'append_entry', 'create_handoff', 'note_agents'].map(statements)).toEqual([2, 3, 1, 3]);
    // Eight writes, and the notes: two of them may share the commit of the write that they came with.
    expect(statements('commit')).toBeGreaterThanOrEqual(9);
    expect(statements('commit')).toBeLessThanOrEqual(11);
    expect(first.value('process_cpu_seconds_total')).toBeGreaterThan(0);
  });

  it('count faults, and hold no text of a caller', async () => {
    await call(server, 'registerSession', { sessionKey: 'secret-key', agent: 'secret-agent' });
    const other = new Database(join(folder.path, 'context.db'));
    other.exec('drop table context_history');
    other.close();
    for (const sessionKey of ['secret-key', 'secret-key', 'secret-other']) {
      await call(server, 'updateContext', { sessionKey, agent: 'secret-agent', contextType: 'message', content: 'x' });
    }
    const { value } = await scrape(metrics);
    const kind = 'fault';
    expect(value('tool_errors_total', { tool: 'updateContext', kind, code: 'INTERNAL_ERROR' })).toBe(2);
    expect(value('error_rate')).toBe(2 / 4);
    expect(await (await fetch(metrics)).text()).not.toMatch(/secret/);
  });

  it('show in the first 50 lines what to look for, from the first scrape', async () => {
    const lines = (await (await fetch(metrics)).text()).split('\n');
    const first = lines.slice(0, 50).join('\n');
    const founding =
      'sessions_created_total handoffs_processed_total context_entries_total tool_duration_ms_bucket db_query_time_seconds cache_hit_ratio error_rate';
    expect(founding.split(' ').filter((name) => !first.includes(name))).toEqual([]);
    expect(lines).toContain('cache_hit_ratio 0');
  });

  it('end with the server', async () => {
    expect(await server.stop()).toMatchObject({ code: 0, stderr: '' });
    await expect(scrape(metrics)).rejects.toThrow('fetch failed');
  });
});

it('have the prefix of METRICS_PREFIX, and are otherwise the same', async () => {
  const shapeOf = async (env: Record<string, string>): Promise<{ types: string[]; series: string[]; text: string }> => {
    const port = await unusedPort();
    const server = await HttpServerProcess.start({ DATABASE_URL: 'sqlite::memory:', METRICS_PORT: `${port}`, ...env });
    await call(server, 'registerSession', { sessionKey: 'work' });
    const url = `http://127.0.0.1:${port}/metrics`;
    const { types, samples } = await scrape(url);
    const text = await (await fetch(url)).text();
    await server.stop();
    const series = samples.map(({ name, labels }) => `${name} ${JSON.stringify(labels)}`);
    return { types: [...types].map(([name, type]) => `${name} ${type}`), series, text };
  };
  const plain = await shapeOf({});
  const prefixed = await shapeOf({ METRICS_PREFIX: 'ctx_' });
  expect(plain.types.length).toBeGreaterThan(15);
  expect(prefixed.types).toEqual(plain.types.map((type) => `ctx_${type}`));
  expect(prefixed.series).toEqual(plain.series.map((series) => `ctx_${series}`));
  // The index and the descriptions name metrics too.
  const index = (text: string): string => text.slice(0, text.indexOf('# HELP'));
  expect(index(prefixed.text).match(/ctx_\w+(?=: )/g)).toEqual(
    index(plain.text)
      .match(/\w+(?=: [A-Z])/g)
      ?.map((name) => `ctx_${name}`),
  );
});

it.each([
  ['off', []],
  ['', []],
  ['9', ['sdk.js']],
])('loads OpenTelemetry only to measure: METRICS_PORT=%s', async (port, expected) => {
  const reportLoaded = `
    import { registerHooks } from 'node:module';
    registerHooks({
      load(url, context, next) {
        if (url.startsWith('file:')) process.stderr.write('loads ' + url + '\\n');
        return next(url, context);
      },
    });`;
  const server = await HttpServerProcess.start({
    DATABASE_URL: 'sqlite::memory:',
    METRICS_PORT: port,
    // No address of this machine: the test asks what is loaded, not what listens.
    METRICS_HOST: '192.0.2.1',
    NODE_OPTIONS: `--import=data:text/javascript,${encodeURIComponent(reportLoaded)}`,
  });
  const { stderr } = await server.stop();
  const loaded = [...stderr.matchAll(/^loads .*\/(\S+)$/gm)].map(([, file]) => file);
  expect(loaded).toContain('main.js');
  expect(loaded.filter((file) => file === 'sdk.js')).toEqual(expected);
});

describe('a metrics port that is not available', () => {
  it('is one line of the log, and calls are served', async () => {
    const taken = createServer().listen(await unusedPort(), '127.0.0.1');
    await once(taken, 'listening');
    const { port } = taken.address() as { port: number };
    const server = await HttpServerProcess.start({ DATABASE_URL: 'sqlite::memory:', METRICS_PORT: `${port}` });
    expect(await call(server, 'registerSession', { sessionKey: 'work' })).toContain('"owner":"planner"');
    expect(await server.stop()).toMatchObject({ code: 0 });
    expect(server.log.filter(({ level }) => level !== 'info')).toMatchObject([
      {
        level: 'warn',
        msg: expect.stringMatching(
          new RegExp(`^Nothing is measured: Port ${port} on 127.0.0.1 is taken. Set METRICS_PORT .*off`),
        ) as string,
      },
    ]);
    taken.close();
  });

  it('may be on an address of another machine', async () => {
    const server = await HttpServerProcess.start({
      DATABASE_URL: 'sqlite::memory:',
      METRICS_PORT: '9090',
      METRICS_HOST: '192.0.2.1',
    });
    expect(await server.stop()).toMatchObject({ code: 0 });
    expect(server.log.filter(({ level }) => level !== 'info')).toMatchObject([
      { level: 'warn', msg: 'Nothing is measured: METRICS_HOST 192.0.2.1 is no address of this machine.' },
    ]);
  });
});
