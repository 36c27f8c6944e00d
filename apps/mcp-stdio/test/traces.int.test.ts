import { readFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { startOtlpReceiver, type OtlpReceiver } from '@org/telemetry-otel/testing';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { clientKinds, connect, preloading, program, RawServer } from './mcp-stdio.js';

const traceId = '4bf92f3577b34da6a3ce929d0e0e4736';
const parentSpanId = '00f067aa0ba902b7';
const database = { DATABASE_URL: 'sqlite::memory:', CONTEXT_AGENT: 'planner' };

describe('traces', () => {
  let receiver: OtlpReceiver;
  beforeEach(async () => {
    receiver = await startOtlpReceiver();
  });
  afterEach(() => receiver.close());

  it.each(clientKinds)("of the %s are children of the client's span", async (kind) => {
    const client = await connect(kind, 'planner', { ...database, OTEL_EXPORTER_OTLP_ENDPOINT: receiver.url });
    await client.callTool({
      name: 'registerSession',
      arguments: { sessionKey: 'work' },
      _meta: { traceparent: `00-${traceId}-${parentSpanId}-01` },
    });
    await client.close();

    await expect
      .poll(() => receiver.spans.map(({ name }) => name).toSorted())
      .toEqual(['commit', 'createSession', 'create_session', 'tools/call registerSession']);
    const [call, operation] = ['tools/call registerSession', 'createSession'].map((wanted) =>
      receiver.spans.find(({ name }) => name === wanted),
    );
    expect(call).toMatchObject({ traceId, parentSpanId, kind: 'SERVER', isError: false });
    expect(call?.attributes).toMatchObject({
      'network.transport': 'pipe',
      'mcp.protocol.version': kind === 'v2 client, modern' ? '2026-07-28' : '2025-11-25',
    });
    expect(call?.resource).toMatchObject({ 'service.name': 'mcp-stdio' });
    expect(operation).toMatchObject({ traceId, parentSpanId: call?.spanId, kind: 'INTERNAL' });
    for (const { kind: kindOfSpan, parentSpanId: parent, attributes } of receiver.spans.slice(0, 2)) {
      expect({ kindOfSpan, parent }).toEqual({ kindOfSpan: 'CLIENT', parent: operation?.spanId });
      expect(attributes).toMatchObject({ 'db.system.name': 'sqlite' });
    }
  });

  it('of a read resource contain its URI template, and not its name', async () => {
    const env = { ...database, OTEL_EXPORTER_OTLP_ENDPOINT: receiver.url };
    const client = await connect('v2 client, modern', 'planner', env);
    await client.callTool({ name: 'registerSession', arguments: { sessionKey: 'work' } });
    const _meta = { traceparent: `00-${traceId}-${parentSpanId}-01` };
    await client.readResource({ uri: 'handoff://context/work', _meta });
    await client.close();
    const named = (wanted: string) => receiver.spans.find(({ name }) => name === wanted);
    await expect.poll(() => named('resources/read')).toBeDefined();
    const reading = named('resources/read');
    expect(reading).toMatchObject({ traceId, parentSpanId, kind: 'SERVER' });
    expect(reading?.attributes).toMatchObject({
      'mcp.method.name': 'resources/read',
      'mcp.resource.uri': 'handoff://context/{sessionKey}',
      'network.transport': 'pipe',
    });
    expect(named('getContext')).toMatchObject({ traceId, parentSpanId: reading?.spanId, kind: 'INTERNAL' });
  });

  it('of consecutive calls are separate', async () => {
    const server = new RawServer({ ...database, OTEL_EXPORTER_OTLP_ENDPOINT: receiver.url });
    // The first three arrive together, the others while calls are in progress.
    for (const id of [1, 2, 3]) server.callTool(id, 'registerSession', { sessionKey: `work-${id}` });
    for (const answer of [1, 2]) {
      await server.next();
      server.callTool(answer + 3, 'getContext', { sessionKey: 'work-1' });
    }
    server.child.stdin.end();
    expect(await server.finished).toMatchObject({ code: 0, stderr: '' });
    const roots = receiver.spans.filter(({ kind }) => kind === 'SERVER');
    expect(roots.map((span) => span.parentSpanId)).toEqual(['', '', '', '', '']);
    expect(new Set(roots.map((span) => span.traceId)).size).toBe(5);
    const ids = roots.map(({ attributes }) => String(attributes['jsonrpc.request.id']));
    expect(ids.toSorted()).toEqual(['1', '2', '3', '4', '5']);
    const named = (name: string) => receiver.spans.filter((span) => span.name === name);
    const operations = named('createSession').map(({ spanId }) => spanId);
    expect(operations).toHaveLength(3);
    expect(named('create_session').map((span) => span.parentSpanId)).toEqual(operations);
    // Writes that share a commit share its span.
    expect(named('commit').flatMap((span) => [span.parentSpanId, ...span.links])).toEqual(operations);
  });

  it('come with metrics of the same process', async () => {
    const server = new RawServer({ ...database, OTEL_EXPORTER_OTLP_ENDPOINT: receiver.url });
    server.callTool(1, 'registerSession', { sessionKey: 'work' });
    await server.next();
    server.child.stdin.end();
    expect(await server.finished).toMatchObject({ code: 0, stderr: '' });
    const created = receiver.metrics.find(({ name }) => name === 'sessions_created_total');
    expect(created?.points).toEqual([{ attributes: {}, value: 1 }]);
    expect(created?.resource['service.instance.id']).toBe(receiver.spans[0]?.resource['service.instance.id']);
  });

  it('are named in the log lines of their calls', async () => {
    const server = new RawServer({ ...database, OTEL_EXPORTER_OTLP_ENDPOINT: receiver.url, LOG_LEVEL: 'debug' });
    server.callTool(1, 'registerSession', { sessionKey: 'work' });
    await server.next();
    const _meta = { traceparent: `00-${traceId}-${parentSpanId}-01` };
    server.send({ id: 2, method: 'tools/call', params: { name: 'listSessions', arguments: {}, _meta } });
    await server.next();
    server.child.stdin.end();
    const { stderr } = await server.finished;
    const lines = stderr.split('\n').slice(0, -1);
    const calls = lines.map((line) => JSON.parse(line) as object).filter((line) => 'tool' in line);
    const own = receiver.spans.find(({ name }) => name === 'tools/call registerSession')?.traceId;
    expect(own).toMatch(/^[\da-f]{32}$/);
    expect(calls).toMatchObject([
      { msg: 'Call', tool: 'registerSession', traceId: own },
      { msg: 'Call', tool: 'listSessions', traceId },
    ]);
  });

  it('that cannot be exported are one log line, and answers are unaffected', async () => {
    receiver.mood = 'silent';
    const server = new RawServer({ ...database, OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: `${receiver.url}/v1/traces` });
    server.callTool(1, 'registerSession', { sessionKey: 'work' });
    expect(await server.next()).toMatchObject({ id: 1, result: { structuredContent: { created: true } } });
    server.child.stdin.end();
    const { code, stderr } = await server.finished;
    expect(code).toBe(0);
    expect(JSON.parse(stderr)).toMatchObject({
      level: 'warn',
      msg: expect.stringMatching(/^Traces do not reach .*no answer in time/) as string,
    });
  });
});

it.each([
  [{}, []],
  [{ OTEL_EXPORTER_OTLP_ENDPOINT: '', OTEL_SERVICE_NAME: 'x' }, []],
  [{ OTEL_EXPORTER_OTLP_ENDPOINT: 'http://127.0.0.1:9', OTEL_SDK_DISABLED: 'true' }, []],
  [{ OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: 'http://127.0.0.1:9', OTEL_TRACES_EXPORTER: 'none' }, []],
  [{ OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: 'http://127.0.0.1:9' }, ['sdk.js']],
  [{ OTEL_TRACES_EXPORTER: 'otlp' }, ['sdk.js']],
])(
  'loads OpenTelemetry only if a variable asks for it, and no logger while there is nothing to log: %j',
  async (env, expected) => {
    const reportLoaded = `
    import { registerHooks } from 'node:module';
    registerHooks({
      load(url, context, next) {
        if (url.startsWith('file:')) process.stderr.write('loads ' + url + '\\n');
        return next(url, context);
      },
    });`;
    const server = new RawServer({ ...database, ...env, ...preloading(reportLoaded) });
    server.child.stdin.end();
    const { stderr } = await server.finished;
    const loaded = [...stderr.matchAll(/^loads .*\/(\S+)$/gm)].map(([, file = '']) => file);
    expect(loaded).toContain('main.js');
    expect(loaded.filter((file) => file === 'sdk.js')).toEqual(expected);
    const sources = await Promise.all(loaded.map(sourcesOf));
    expect(sources.flat().some((source) => source.includes('/kysely/'))).toBe(true);
    expect(sources.flat().some((source) => source.includes('/@opentelemetry/'))).toBe(expected.length > 0);
    expect(sources.flat().filter((source) => source.includes('/pino/'))).toEqual([]);
  },
);

/** The source files of a bundled file. Empty for a file that is not a bundle. */
async function sourcesOf(file: string): Promise<readonly string[]> {
  const map = await readFile(join(dirname(program), `${file}.map`), 'utf8').catch(() => '{"sources":[]}');
  return (JSON.parse(map) as { readonly sources: readonly string[] }).sources;
}
