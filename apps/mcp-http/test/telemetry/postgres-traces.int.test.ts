import { randomUUID } from 'node:crypto';
import { temporaryDatabase, type TemporaryDatabase } from '@org/store-kysely/testing';
import { startOtlpReceiver, type OtlpReceiver, type ReceivedSpan } from '@org/telemetry-otel/testing';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, onTestFinished } from 'vitest';
import { clientKinds, connect, HttpServerProcess, post, type Env, type LogLine } from '../support/mcp-http.js';

const traceId = '4bf92f3577b34da6a3ce929d0e0e4736';
const parentSpanId = '00f067aa0ba902b7';
const sampled = { traceparent: `00-${traceId}-${parentSpanId}-01`, tracestate: 'vendor=1' };
const notSampled = { traceparent: `00-${traceId}-${parentSpanId}-00` };

let database: TemporaryDatabase;
beforeAll(async () => {
  database = await temporaryDatabase();
});
afterAll(() => database.drop());

let receiver: OtlpReceiver;
beforeEach(async () => {
  receiver = await startOtlpReceiver();
});
afterEach(() => receiver.close());

/** Makes calls on sessions fail until the end of the test. */
async function breakDatabase(): Promise<void> {
  await database.query('alter table sessions rename to others');
  onTestFinished(async () => void (await database.query('alter table others rename to sessions')));
}

/** What a server did: its spans, and all lines of its log. */
interface Traced {
  readonly spans: readonly ReceivedSpan[];
  readonly log: readonly LogLine[];
}

/** Runs a server for a test. All spans have arrived when this resolves, because the server sends them before it ends. */
async function traced(env: Env, ask: (server: HttpServerProcess) => Promise<void>): Promise<Traced> {
  const server = await HttpServerProcess.start({
    DATABASE_URL: database.url,
    // Each test has its own sessions.
    CONTEXT_NAMESPACE: randomUUID(),
    OTEL_EXPORTER_OTLP_ENDPOINT: receiver.url,
    ...env,
  });
  try {
    await ask(server);
  } finally {
    expect(await server.stop()).toMatchObject({ code: 0 });
  }
  return { spans: receiver.spans, log: server.log };
}

async function call(
  { mcp }: HttpServerProcess,
  name: string,
  given: Record<string, unknown>,
  _meta?: Record<string, unknown>,
): Promise<string> {
  const params = { name, arguments: { agent: 'planner', sessionKey: 'work', ...given }, _meta };
  return (await post(mcp, { jsonrpc: '2.0', id: 'request-7', method: 'tools/call', params })).text();
}

const append = { contextType: 'message', content: 'x' };

const named = (spans: readonly ReceivedSpan[], name: string): ReceivedSpan => {
  const found = spans.filter((span) => span.name === name);
  expect(found, name).toHaveLength(1);
  return found[0] as ReceivedSpan;
};

describe.each(clientKinds)('a call of the %s', (kind) => {
  it('is a span below the client’s span, with the store operation and the statements below', async () => {
    const { spans } = await traced({}, async (server) => {
      const client = await connect(kind, 'planner', server.mcp);
      const given = { sessionKey: 'work', agent: 'planner' };
      await client.callTool({ name: 'registerSession', arguments: given, _meta: sampled });
      await client.close();
    });
    expect(spans.every((span) => span.traceId === traceId)).toBe(true);
    const root = named(spans, 'tools/call registerSession');
    expect(root).toMatchObject({ parentSpanId, kind: 'SERVER', isError: false, links: [] });
    expect(root.attributes).toEqual({
      'mcp.method.name': 'tools/call',
      'gen_ai.operation.name': 'execute_tool',
      'gen_ai.tool.name': 'registerSession',
      'jsonrpc.request.id': expect.stringMatching(/^\d+$/) as string,
      'mcp.protocol.version': kind === 'v2 client, modern' ? '2026-07-28' : '2025-11-25',
      'network.transport': 'tcp',
    });
    const operation = named(spans, 'createSession');
    expect(operation).toMatchObject({ parentSpanId: root.spanId, kind: 'INTERNAL', attributes: {} });
    const statements = spans.filter((span) => span.kind === 'CLIENT');
    expect(statements.map(({ attributes }) => attributes)).toContainEqual({
      'db.system.name': 'postgresql',
      'db.operation.name': 'create_session',
    });
    for (const statement of statements) {
      expect(statement.parentSpanId).toBe(operation.spanId);
      expect(statement.name).toBe(statement.attributes['db.operation.name']);
      // Spans have nanoseconds, which JavaScript numbers round.
      expect(statement.startMs).toBeGreaterThanOrEqual(operation.startMs - 0.01);
      expect(statement.endMs).toBeLessThanOrEqual(operation.endMs + 0.01);
    }
    expect(spans).toHaveLength(2 + statements.length);
  });
});

describe.each(clientKinds)('the reading of a resource by the %s', (kind) => {
  it('is a span below the client’s span, with its reads below', async () => {
    const { spans } = await traced({}, async (server) => {
      await call(server, 'registerSession', {}, notSampled);
      const client = await connect(kind, 'planner', server.mcp);
      await client.readResource({ uri: 'handoff://context/work', _meta: sampled });
      await client.readResource({ uri: 'handoff://sessions/work', _meta: sampled });
      const missing = client.readResource({ uri: 'handoff://summary/secret-none', _meta: sampled });
      await expect(missing).rejects.toThrow('secret-none');
      await client.close();
    });
    expect(spans.every((span) => span.traceId === traceId)).toBe(true);
    const readings = spans.filter(({ name }) => name === 'resources/read');
    const common = {
      'mcp.method.name': 'resources/read',
      'jsonrpc.request.id': expect.stringMatching(/^\d+$/) as string,
      'mcp.protocol.version': kind === 'v2 client, modern' ? '2026-07-28' : '2025-11-25',
      'network.transport': 'tcp',
    };
    const code = expect.stringMatching(/^-32\d{3}$/) as string;
    expect(readings.map(({ attributes }) => attributes)).toEqual([
      { ...common, 'mcp.resource.uri': 'handoff://context/{sessionKey}' },
      { ...common, 'mcp.resource.uri': 'handoff://sessions/{sessionKey}' },
      {
        ...common,
        'mcp.resource.uri': 'handoff://summary/{sessionKey}',
        'error.type': code,
        'rpc.response.status_code': code,
      },
    ]);
    expect(readings.map((span) => [span.kind, span.parentSpanId, span.isError])).toEqual([
      ['SERVER', parentSpanId, false],
      ['SERVER', parentSpanId, false],
      ['SERVER', parentSpanId, true],
    ]);
    const [context, session, summary] = readings.map(({ spanId }) => spanId);
    expect(named(spans, 'getContext')).toMatchObject({ kind: 'INTERNAL', parentSpanId: context });
    expect(named(spans, 'listSessions')).toMatchObject({ kind: 'INTERNAL', parentSpanId: session });
    expect(named(spans, 'getBriefing')).toMatchObject({ kind: 'INTERNAL', parentSpanId: summary, isError: true });
    expect(receiver.text()).not.toContain('secret');
  });
});

it('a call without a parent begins a new trace', async () => {
  const { spans } = await traced({}, async (server) => {
    await call(server, 'registerSession', {});
    await call(server, 'updateContext', append, { traceparent: 'not of this form', tracestate: 7 });
    await call(server, 'getContext', {});
  });
  const roots = spans.filter((span) => span.kind === 'SERVER');
  expect(roots.map((span) => span.parentSpanId)).toEqual(['', '', '']);
  expect(new Set(roots.map((span) => span.traceId)).size).toBe(3);
});

it('a call that failed has its error, and no text of its caller', async () => {
  const { spans } = await traced({}, async (server) => {
    await call(server, 'registerSession', { sessionKey: 'secret-key', agent: 'secret-agent', title: 'secret-title' });
    await call(server, 'updateContext', { ...append, sessionKey: 'secret-none', content: 'secret-content' });
    await call(server, 'updateContext', { ...append, sessionKey: 'not valid: secret' });
    await breakDatabase();
    await call(server, 'getContext', { sessionKey: 'secret-key' });
  });
  const failed = spans.filter((span) => span.isError);
  expect(failed.map(({ name, attributes }) => [name, attributes['error.type'], attributes['context_store.error.code']]))
    .toMatchInlineSnapshot(`
      [
        [
          "appendEntry",
          "SESSION_NOT_FOUND",
          undefined,
        ],
        [
          "tools/call updateContext",
          "tool_error",
          "SESSION_NOT_FOUND",
        ],
        [
          "tools/call updateContext",
          "tool_error",
          "VALIDATION_ERROR",
        ],
        [
          "read_tail",
          "42P01",
          undefined,
        ],
        [
          "readEntries",
          "STORE_UNAVAILABLE",
          undefined,
        ],
        [
          "tools/call getContext",
          "tool_error",
          "STORE_UNAVAILABLE",
        ],
      ]
    `);
  expect(receiver.text()).toContain('request-7');
  expect(receiver.text()).not.toMatch(/secret|select |planner/i);
});

it('the log names the traces of calls that failed or were refused', async () => {
  const { spans, log } = await traced({ MAX_WAITING_CALLS: '0' }, async (server) => {
    await call(server, 'registerSession', {});
    expect(await call(server, 'listHandoffs', { sessionKey: undefined, waitSeconds: 1 }, sampled)).toContain(
      'OVERLOADED',
    );
    await breakDatabase();
    await call(server, 'getContext', {});
    await call(server, 'getContext', {}, notSampled);
    const params = { uri: 'handoff://sessions/work', _meta: sampled };
    await (await post(server.mcp, { jsonrpc: '2.0', id: 1, method: 'resources/read', params })).text();
  });
  const [overloaded, away, ofClient, ofReading] = log.filter(({ code }) => code !== undefined);
  expect(overloaded).toMatchObject({ level: 'warn', code: 'OVERLOADED', tool: 'listHandoffs', traceId });
  const refused = spans.filter(({ attributes }) => attributes['context_store.error.code'] === 'OVERLOADED');
  expect(refused).toMatchObject([{ name: 'tools/call listHandoffs', kind: 'SERVER', traceId, parentSpanId }]);
  expect(away).toMatchObject({ level: 'error', traceId: named(spans, 'tools/call getContext').traceId });
  expect(ofClient).toMatchObject({ level: 'error', traceId });
  expect(ofReading).toMatchObject({ level: 'error', traceId });
  expect(ofReading).not.toHaveProperty('tool');
});

it('the log names the trace of every call at debug', async () => {
  const { spans, log } = await traced({ LOG_LEVEL: 'debug' }, async (server) => {
    await call(server, 'registerSession', {});
    await call(server, 'getContext', {}, sampled);
    await call(server, 'getContext', { sessionKey: 'none' }, notSampled);
  });
  const own = named(spans, 'tools/call registerSession').traceId;
  expect(log.filter(({ msg }) => msg === 'Call').map((line) => [line['tool'], line['traceId']])).toEqual([
    ['registerSession', own],
    ['getContext', traceId],
    ['getContext', traceId],
  ]);
});

it('follows the sampling decision of the client, and its own if the client has none', async () => {
  const { spans } = await traced(
    { OTEL_TRACES_SAMPLER: 'parentbased_traceidratio', OTEL_TRACES_SAMPLER_ARG: '0' },
    async (server) => {
      await call(server, 'registerSession', {});
      await call(server, 'updateContext', append, notSampled);
      await call(server, 'updateContext', append, sampled);
    },
  );
  expect(spans.filter((span) => span.kind === 'SERVER').map(({ name }) => name)).toEqual(['tools/call updateContext']);
  expect(spans.every((span) => span.traceId === traceId)).toBe(true);
});

it('one statement for many calls is one span, linked with the operations of all of them', async () => {
  const sessions = Array.from({ length: 64 }, (_, index) => `work-${index}`);
  const { spans } = await traced({ DATABASE_POOL_SIZE: '2' }, async (server) => {
    for (const sessionKey of sessions) await call(server, 'registerSession', { sessionKey }, notSampled);
    await Promise.all(sessions.map((sessionKey) => call(server, 'updateContext', { ...append, sessionKey })));
  });
  const operations = spans.filter(({ name }) => name === 'appendEntry');
  const statements = spans.filter(({ name }) => name.startsWith('append_entr'));
  expect(operations).toHaveLength(64);
  expect(statements.length).toBeLessThan(64);
  const served = statements.flatMap(({ spanId, parentSpanId: first, links, attributes }) => {
    expect(attributes['db.operation.batch.size'] ?? 1).toBe(links.length + 1);
    const others = operations.filter((operation) => operation.links.includes(spanId));
    expect(others.map((operation) => operation.spanId).toSorted()).toEqual(links.toSorted());
    return [first, ...links];
  });
  expect(served.toSorted()).toEqual(operations.map(({ spanId }) => spanId).toSorted());
});

it.each(['http/protobuf', 'http/json'])('sends by %s, as the variables say', async (protocol) => {
  const { spans } = await traced(
    {
      OTEL_EXPORTER_OTLP_PROTOCOL: protocol,
      OTEL_EXPORTER_OTLP_HEADERS: 'x-key=abc',
      OTEL_EXPORTER_OTLP_COMPRESSION: 'gzip',
      OTEL_RESOURCE_ATTRIBUTES: 'deployment.environment.name=test',
      OTEL_SERVICE_NAME: 'the-store',
    },
    async (server) => void (await call(server, 'registerSession', {})),
  );
  expect(named(spans, 'createSession').resource).toMatchObject({
    'service.name': 'the-store',
    'service.version': expect.stringMatching(/^\d/) as string,
    'deployment.environment.name': 'test',
  });
  expect(receiver.headers[0]).toMatchObject({
    'content-type': protocol === 'http/json' ? 'application/json' : 'application/x-protobuf',
    'content-encoding': 'gzip',
    'x-key': 'abc',
  });
});
