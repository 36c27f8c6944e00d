import { setTimeout } from 'node:timers/promises';
import { SpanKind, SpanStatusCode, trace } from '@opentelemetry/api';
import { AsyncLocalStorageContextManager } from '@opentelemetry/context-async-hooks';
import {
  AlwaysOffSampler,
  InMemorySpanExporter,
  SimpleSpanProcessor,
  TracerProvider,
  type ReadableSpan,
  type Sampler,
} from '@opentelemetry/sdk-trace';
import {
  ContextStoreError,
  createContextStore,
  noTelemetry,
  type ContextStore,
  type Store,
  type Telemetry,
  type McpRequest,
  type RequestCaller,
} from '@org/domain';
import { createMemoryStore } from '@org/store-contract';
import { beforeEach, describe, expect, it } from 'vitest';
import { traceIdOf, withTraces } from '../src/index.js';

const traceId = '4bf92f3577b34da6a3ce929d0e0e4736';
const parentSpanId = '00f067aa0ba902b7';
const request = (flags: string, id: string | number = 1): McpRequest => ({
  id,
  transport: 'tcp',
  traceparent: `00-${traceId}-${parentSpanId}-${flags}`,
});
const note = { sessionKey: 'work', contextType: 'message', content: 'x' } as const;

describe('traces of a program that has an SDK', () => {
  let exporter: InMemorySpanExporter;
  let contexts: AsyncLocalStorageContextManager;
  let provider: TracerProvider;
  let telemetry: Telemetry;
  let contextStore: ContextStore;
  beforeEach(() => open());

  function open(sampler?: Sampler, measured: Telemetry = noTelemetry): void {
    exporter = new InMemorySpanExporter();
    contexts = new AsyncLocalStorageContextManager();
    provider = new TracerProvider({
      spanProcessors: [new SimpleSpanProcessor({ exporter })],
      ...(sampler && { sampler }),
    });
    telemetry = withTraces(measured, { provider, contexts });
    contextStore = createContextStore({ store: recording(createMemoryStore()), telemetry }, { agent: 'planner' });
  }

  /** The context store as an MCP request calls it. */
  function from(mcpRequest: McpRequest): ContextStore {
    const caller: RequestCaller = { request: mcpRequest };
    return contextStore.as(caller);
  }

  /** Records a statement for each entry that is appended. */
  const recording = (store: Store): Store => ({
    ...store,
    appendEntry: async (entry) => {
      const appended = await store.appendEntry(entry);
      telemetry.recordStatement('append_entries', 1, 'sqlite');
      return appended;
    },
  });

  const spans = (): ReadableSpan[] => exporter.getFinishedSpans();
  const parents = (): Record<string, string | undefined> => {
    const names = new Map(spans().map((span) => [span.spanContext().spanId, span.name]));
    return Object.fromEntries(
      spans().map(({ name, parentSpanContext }) => [name, names.get(parentSpanContext?.spanId ?? '')]),
    );
  };

  it('are children of the active span', async () => {
    const tracer = provider.getTracer('host');
    const host = tracer.startSpan('host');
    await contexts.with(trace.setSpan(contexts.active(), host), async () => {
      await contextStore.registerSession({ sessionKey: 'work' });
      await contextStore.updateContext(note);
    });
    host.end();
    expect(parents()).toEqual({
      createSession: 'registerSession',
      registerSession: 'host',
      append_entries: 'appendEntry',
      appendEntry: 'updateContext',
      updateContext: 'host',
      host: undefined,
    });
    expect(spans().every(({ resource }) => resource === spans()[0]?.resource)).toBe(true);
    const call = spans().find(({ name }) => name === 'updateContext');
    expect(call).toMatchObject({ kind: SpanKind.INTERNAL, attributes: { 'gen_ai.tool.name': 'updateContext' } });
  });

  it('of a request with a remote parent are linked with the local span that serves it', async () => {
    const host = provider.getTracer('host').startSpan('POST /mcp');
    await contexts.with(trace.setSpan(contexts.active(), host), () =>
      from(request('01', 'x'.repeat(1000))).registerSession({ sessionKey: 'work' }),
    );
    const call = spans().find(({ name }) => name === 'tools/call registerSession');
    expect(call?.parentSpanContext).toMatchObject({ traceId, spanId: parentSpanId });
    expect(call?.links.map(({ context }) => context.spanId)).toEqual([host.spanContext().spanId]);
    expect(call?.attributes['jsonrpc.request.id']).toBe('x'.repeat(128));
  });

  it('of a request that is read while another call runs begin a new trace', async () => {
    const reading: Store = {
      ...createMemoryStore(),
      createSession: async () => {
        await from({ id: 2, transport: 'pipe' }).listSessions({});
        throw new Error('not in this test');
      },
    };
    contextStore = createContextStore({ store: reading, telemetry }, { agent: 'planner' });
    const first = from(request('01')).registerSession({ sessionKey: 'work' });
    await expect(first).rejects.toMatchObject({ code: 'INTERNAL_ERROR' });
    const call = spans().find(({ name }) => name === 'tools/call listSessions');
    expect(call?.parentSpanContext).toBeUndefined();
    expect(call?.spanContext().traceId).not.toBe(traceId);
  });

  it('are absent if the caller or the sampler does not want them, and the log can still name the trace', async () => {
    const given = request('00');
    await from(given).registerSession({ sessionKey: 'work' });
    await from(given).updateContext(note);
    expect(traceIdOf(given)).toBe(traceId);
    open(new AlwaysOffSampler());
    const sampled = request('01');
    await from(sampled).registerSession({ sessionKey: 'work' });
    expect(traceIdOf(sampled)).toBe(traceId);
    expect(spans()).toEqual([]);
    expect(traceIdOf(undefined)).toBeUndefined();
    expect(traceIdOf(request('01'))).toBeUndefined();
  });

  it('have no error status if the caller left before the answer', async () => {
    const store: Store = {
      ...createMemoryStore(),
      createSession: () => Promise.reject(new ContextStoreError('CANCELLED', 'planted')),
    };
    contextStore = createContextStore({ store, telemetry }, { agent: 'planner' });
    const call = from(request('01')).registerSession({ sessionKey: 'work' });
    await expect(call).rejects.toMatchObject({ code: 'CANCELLED' });
    expect(spans().map(({ name, status, attributes }) => [name, status.code, attributes['error.type']])).toEqual([
      ['createSession', SpanStatusCode.UNSET, undefined],
      ['tools/call registerSession', SpanStatusCode.UNSET, undefined],
    ]);
    expect(spans()[1]?.attributes['context_store.error.code']).toBe('CANCELLED');
  });

  it('of the reading of a resource are parents of what it reads, and are absent if its client does not want them', async () => {
    await contextStore.registerSession({ sessionKey: 'work' });
    exporter.reset();
    const uriTemplate = 'handoff://sessions/{sessionKey}';
    const read = (flags: string): Promise<unknown> =>
      telemetry.traceRead({ request: request(flags), uriTemplate }, async () => {
        await contextStore.readSession('work');
        return contextStore.getContext({ sessionKey: 'work' });
      });
    await read('00');
    expect(spans()).toEqual([]);
    await read('01');
    expect(parents()).toEqual({
      readSession: 'resources/read',
      readEntries: 'getContext',
      getContext: 'resources/read',
      'resources/read': undefined,
    });
    const span = spans().find(({ name }) => name === 'resources/read');
    expect(span?.parentSpanContext).toMatchObject({ traceId, spanId: parentSpanId });
    expect(span?.attributes['mcp.resource.uri']).toBe(uriTemplate);
  });

  it('hold no statement of a poll that serves all waiting calls', async () => {
    const polls: string[] = [];
    const store = createMemoryStore();
    const polled: Store = {
      ...store,
      peekInboxes: async (inboxes) => {
        telemetry.recordStatement('peek_inboxes', 1, 'sqlite');
        polls.push('polled');
        return store.peekInboxes(inboxes);
      },
    };
    contextStore = createContextStore({ store: polled, telemetry }, { agent: 'planner' });
    const ended = new AbortController();
    const waiting = contextStore.as({ signal: ended.signal }).listHandoffs({ waitSeconds: 45 });
    await expect.poll(() => polls.length, { timeout: 10_000 }).toBeGreaterThan(0);
    ended.abort();
    await expect(waiting).rejects.toThrow('aborted');
    expect(Object.keys(parents())).toEqual(['listHandoffs']);
  });

  it('pass the signal of a call and the time to close on to the store', async () => {
    const leaving = new AbortController();
    const store = createMemoryStore();
    const signals: unknown[] = [];
    const asked: Store = {
      ...store,
      createSession: (created, signal) => {
        signals.push(signal);
        return store.createSession(created, signal);
      },
      close: async (withinMs) => void signals.push(withinMs),
    };
    contextStore = createContextStore({ store: asked, telemetry }, { agent: 'planner' });
    await contextStore.as({ signal: leaving.signal }).registerSession({ sessionKey: 'work' });
    await telemetry.observeStore(asked).close(7);
    expect(signals).toEqual([leaving.signal, 7]);
  });

  it('pass all other measurements on', async () => {
    const called: string[] = [];
    open(undefined, {
      measure: (_call, run) => (called.push('measure'), run()),
      traceRead: (_read, run) => (called.push('traceRead'), run()),
      count: () => called.push('count'),
      recordStatement: () => called.push('recordStatement'),
      recordPoolWait: () => called.push('recordPoolWait'),
      recordCacheLookup: () => called.push('recordCacheLookup'),
      observePool: () => () => called.push('observePool'),
      observeLink: () => () => called.push('observeLink'),
      observeStore: (store) => (called.push('observeStore'), store),
      origin: () => undefined,
      attribute: (_served, run) => run(),
    });
    await contextStore.registerSession({ sessionKey: 'work' });
    await contextStore.updateContext(note);
    telemetry.recordPoolWait(1);
    telemetry.recordCacheLookup(true);
    telemetry.observePool(() => ({ size: 1, inUse: 0, waiting: 0 }))();
    telemetry.observeLink('bus', () => true)();
    expect(called).toEqual([
      'observeStore',
      'measure',
      'count',
      'measure',
      'recordStatement',
      'count',
      'recordPoolWait',
      'recordCacheLookup',
      'observePool',
      'observeLink',
    ]);
  });

  it('of a failed statement have an error status, with the code of the database', async () => {
    const failing: Store = {
      ...createMemoryStore(),
      createSession: () => {
        telemetry.recordStatement('create_session', 1, 'postgresql', '40001');
        telemetry.recordStatement('create_session', 1, 'postgresql');
        throw new Error('not in this test');
      },
    };
    contextStore = createContextStore({ store: failing, telemetry }, { agent: 'planner' });
    await contextStore.registerSession({ sessionKey: 'work' }).catch(() => undefined);
    const statements = spans().filter(({ name }) => name === 'create_session');
    expect(statements.map(({ status, attributes }) => [status.code, attributes['error.type']])).toEqual([
      [SpanStatusCode.ERROR, '40001'],
      [SpanStatusCode.UNSET, undefined],
    ]);
  });

  it('of a batch are children of its first call that is sampled', async () => {
    const origins: { origin: object | undefined }[] = [];
    const sent = Promise.withResolvers<void>();
    const batched: Store = {
      ...createMemoryStore(),
      createSession: async () => {
        origins.push({ origin: telemetry.origin() });
        await sent.promise;
        throw new Error('not in this test');
      },
    };
    contextStore = createContextStore({ store: batched, telemetry }, { agent: 'planner' });
    const calls = ['00', '01', '01'].map((flags, index) =>
      from(request(flags, index)).registerSession({ sessionKey: `work-${index}` }),
    );
    await expect.poll(() => origins.length).toBe(3);
    await telemetry.attribute(origins, async () => {
      await setTimeout(1);
      telemetry.recordStatement('append_entries', 1, 'postgresql');
    });
    sent.resolve();
    await Promise.allSettled(calls);
    const operations = spans().filter(({ name }) => name === 'createSession');
    const statement = spans().find(({ name }) => name === 'append_entries');
    expect(operations).toHaveLength(2);
    expect(statement?.parentSpanContext?.spanId).toBe(operations[0]?.spanContext().spanId);
    expect(statement?.links.map(({ context }) => context.spanId)).toEqual([operations[1]?.spanContext().spanId]);
    expect(operations[1]?.links.map(({ context }) => context.spanId)).toEqual([statement?.spanContext().spanId]);
    expect(statement?.attributes['db.operation.batch.size']).toBe(3);
  });
});
