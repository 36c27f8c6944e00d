import type { Client } from '@modelcontextprotocol/client';
import { createMcpHandler } from '@modelcontextprotocol/server';
import { ContextStoreError, useCases, type UseCaseName } from '@org/domain';
import { describe, expect, it } from 'vitest';
import type { FinishedCall } from '../finished-call.js';
import type { OnError } from '../errors/report-error.js';
import { call, connect, eras, factoryOver, memoryContextStore, type Answer } from '../../test/connect.js';
import { withMethods } from '../testing/with-methods.js';

/** Calls every tool once, in an order in which each succeeds. The test fails if a tool is missing. */
async function callEveryTool(planner: Client, implementer: Client): Promise<Map<UseCaseName, Answer>> {
  const answers = new Map<UseCaseName, Answer>();
  const run = async (client: Client, name: UseCaseName, args: Record<string, unknown>): Promise<Answer> => {
    const answer = await call(client, name, args);
    answers.set(name, answer);
    return answer;
  };
  const sessionKey = 'work';
  await run(planner, 'registerSession', { sessionKey, title: 'Work', metadata: { issue: 2 } });
  await run(planner, 'updateContext', {
    sessionKey,
    contextType: 'message',
    content: 'Decided: SQLite.',
    pinned: true,
  });
  await run(planner, 'getContext', { sessionKey });
  await run(planner, 'getBriefing', { sessionKey });
  await run(planner, 'updateSession', { sessionKey, title: 'Renamed' });
  await run(planner, 'requestHandoff', { sessionKey, requestType: 'full_handoff', summary: 'Half done.' });
  const inbox = await run(implementer, 'listHandoffs', {});
  const [{ handoffId } = { handoffId: '' }] = inbox.body['handoffs'] as { handoffId: string }[];
  await run(implementer, 'acceptHandoff', { handoffId });
  await run(implementer, 'resolveHandoff', { handoffId, outcome: 'completed', result: { ok: true } });
  await run(implementer, 'listSessions', {});
  return answers;
}

describe.each(eras)('tools/call, %s era', (era) => {
  it('answers every tool with a result of its schema, in structuredContent and as text', async () => {
    const factory = factoryOver(memoryContextStore());
    const answers = await callEveryTool(
      await connect(factory, era, 'planner'),
      await connect(factory, era, 'implementer'),
    );
    expect([...answers.keys()].toSorted()).toEqual(Object.keys(useCases).toSorted());
    for (const [name, { isError, body, text }] of answers) {
      expect(isError, `${name}: ${text}`).toBe(false);
      expect(useCases[name].result.safeParse(body).error, name).toBeUndefined();
      expect(JSON.parse(text)).toEqual(body);
      expect(text, 'compact').not.toMatch(/\n|": /);
    }
  });

  it('ignores arguments that clients add to every call, and treats null as not given', async () => {
    const client = await connect(factoryOver(memoryContextStore()), era);
    const added = { wait_for_previous: true, toolCallId: 'call_1' };
    const empty = { agent: '', idempotencyKey: null, title: '', metadata: null, ttlSeconds: null, ifExists: '' };
    const { body } = await call(client, 'registerSession', { sessionKey: 'work', ...empty, ...added });
    expect(body).toMatchObject({ created: true, session: { owner: 'test-client', metadata: {} } });
    const inbox = { roles: null, direction: '', status: '', waitSeconds: null, limit: null, cursor: '', ...added };
    expect((await call(client, 'listHandoffs', inbox)).body).toMatchObject({ handoffs: [] });
    const log = { sessionKey: 'work', order: null, limit: '', cursor: null, types: null, unread: null, ...added };
    expect((await call(client, 'getContext', log)).body).toMatchObject({ entries: [] });
  });

  it('suggests the argument that was probably meant', async () => {
    const client = await connect(factoryOver(memoryContextStore()), era);
    const { isError, body } = await call(client, 'getBriefing', { session_key: 'work', maxToken: 500 });
    expect(isError).toBe(true);
    expect(body['message']).toContain('session_key, maxToken: unknown; did you mean sessionKey, maxTokens? Known are');
  });

  it('answers a domain error as a result that says what to do', async () => {
    const client = await connect(factoryOver(memoryContextStore()), era);
    const { isError, body, text } = await call(client, 'updateContext', {
      sessionKey: 'not a key',
      contextType: 'idea',
      surplus: 1,
    });
    expect(isError).toBe(true);
    expect(body).toMatchObject({ code: 'VALIDATION_ERROR', retryable: false, requestId: expect.any(String) as string });
    const { issues } = body['details'] as { issues: { path: string }[] };
    expect(issues.map(({ path }) => path).toSorted()).toEqual(['content', 'contextType', 'sessionKey', 'surplus']);
    expect(JSON.parse(text)).toEqual(body);
  });

  it('answers a call of an unknown tool with the names of all tools', async () => {
    const client = await connect(factoryOver(memoryContextStore()), era);
    const asked = client.callTool({ name: 'toString', arguments: {} });
    await expect(asked).rejects.toMatchObject({
      code: -32_602,
      message: expect.stringContaining('registerSession') as string,
    });
  });

  it('uses the name of the client as the agent', async () => {
    const client = await connect(factoryOver(memoryContextStore()), era, 'Claude Code');
    const { body } = await call(client, 'registerSession', { sessionKey: 'mine' });
    expect(body).toMatchObject({ session: { owner: 'claude-code' } });
  });

  it('hides the cause of an internal error from clients, and reports it to the operator', async () => {
    const heard: Parameters<OnError>[] = [];
    const broken = withMethods(memoryContextStore(), () => ({
      listSessions: () => Promise.reject(new TypeError('SELECT secret FROM x')),
      getBriefing: () =>
        Promise.reject(
          new ContextStoreError(
            'STORE_UNAVAILABLE',
            'The database is away.',
            { written: 'no' },
            { cause: 'ECONNREFUSED' },
          ),
        ),
    }));
    const client = await connect(factoryOver(broken, { onError: (...args) => heard.push(args) }), era);
    const internal = await call(client, 'listSessions');
    const unavailable = await call(client, 'getBriefing', { sessionKey: 'a' });
    expect(internal.body).toMatchObject({ code: 'INTERNAL_ERROR', retryable: false });
    expect(internal.text).not.toContain('SELECT');
    expect(unavailable.body).toMatchObject({ code: 'STORE_UNAVAILABLE', retryable: true });
    expect(unavailable.text).not.toContain('ECONNREFUSED');
    const request: unknown = expect.objectContaining({ transport: 'pipe' });
    expect(heard.map(([{ code }, failed]) => [code, failed])).toEqual([
      ['INTERNAL_ERROR', { requestId: internal.body['requestId'], tool: 'listSessions', request }],
      ['STORE_UNAVAILABLE', { requestId: unavailable.body['requestId'], tool: 'getBriefing', request }],
    ]);
    expect(heard[0]?.[0].cause).toBeInstanceOf(TypeError);
  });

  it('reports who called what, and how it ended, to onCall, and no content', async () => {
    const heard: FinishedCall[] = [];
    const caller = () => ({ requestId: 'r-1', agent: 'planner', namespace: 'acme', credential: 'key:ci' });
    const factory = factoryOver(memoryContextStore(), { onCall: (finished) => heard.push(finished), caller });
    const client = await connect(factory, era);
    const secret = 'SECRET-4711';
    await call(client, 'registerSession', { sessionKey: 'work', title: secret, metadata: { secret } });
    const entry = { sessionKey: 'work', contextType: 'message', content: secret, idempotencyKey: secret };
    await call(client, 'updateContext', entry);
    await call(client, 'updateContext', entry);
    const offer = await call(client, 'requestHandoff', {
      sessionKey: 'work',
      requestType: 'full_handoff',
      summary: secret,
    });
    const { handoffId } = offer.body['handoff'] as { handoffId: string };
    await call(client, 'resolveHandoff', { handoffId, outcome: 'cancelled', reason: secret });
    await call(client, 'updateContext', { ...entry, agent: 'other', idempotencyKey: undefined });
    await call(client, 'getContext', { sessionKey: `not a key ${secret}` });
    await call(client, 'getContext', { sessionKey: 'work', ackSequence: 1 });
    const known = { requestId: 'r-1', credential: 'key:ci', namespace: 'acme', agent: 'planner', method: 'tools/call' };
    const written = { ...known, mayWrite: true, sessionKey: 'work', outcome: 'ok' };
    expect(heard).toMatchObject([
      { ...written, tool: 'registerSession', durationMs: expect.any(Number) as number },
      { ...written, tool: 'updateContext', isReplay: undefined },
      { ...written, tool: 'updateContext', isReplay: true },
      { ...written, tool: 'requestHandoff', handoffId },
      { ...written, tool: 'resolveHandoff', handoffId },
      { ...written, tool: 'updateContext', outcome: 'FORBIDDEN' },
      { ...known, tool: 'getContext', mayWrite: false, sessionKey: undefined, outcome: 'VALIDATION_ERROR' },
      { ...written, tool: 'getContext' },
    ]);
    expect(JSON.stringify(heard)).not.toContain(secret);
  });

  it('reports reads of resources, prompts and completions to onCall', async () => {
    const heard: FinishedCall[] = [];
    const client = await connect(factoryOver(memoryContextStore(), { onCall: (read) => heard.push(read) }), era, 'me');
    await call(client, 'registerSession', { sessionKey: 'work' });
    await client.listResources();
    await client.readResource({ uri: 'handoff://summary/work' });
    await client.readResource({ uri: 'handoff://inbox/me' });
    await client.readResource({ uri: 'handoff://summary/none' }).catch(() => undefined);
    await client.getPrompt({ name: 'resume', arguments: { sessionKey: 'none' } }).catch(() => undefined);
    await client.complete({
      ref: { type: 'ref/prompt', name: 'resume' },
      argument: { name: 'sessionKey', value: 'w' },
    });
    expect(heard.slice(1).map(({ method, sessionKey, outcome }) => [method, sessionKey, outcome])).toEqual([
      ['resources/list', undefined, 'ok'],
      ['resources/read', 'work', 'ok'],
      ['resources/read', undefined, 'ok'],
      ['resources/read', 'none', expect.stringMatching(/^-32\d{3}$/)],
      ['prompts/get', 'none', 'SESSION_NOT_FOUND'],
      ['completion/complete', undefined, 'ok'],
    ]);
    for (const read of heard.slice(1)) expect(read).toMatchObject({ agent: 'me', mayWrite: false });
    expect(heard.slice(1).map(({ tool }) => tool)).toEqual(Array(6).fill(undefined));
  });

  it('puts the id of the request into an error, if there is one', async () => {
    const client = await connect(factoryOver(memoryContextStore(), { caller: () => ({ requestId: 'r-1' }) }), era);
    expect((await call(client, 'getContext', { sessionKey: 'a' })).body).toMatchObject({ requestId: 'r-1' });
    await expect(client.getPrompt({ name: 'resume', arguments: { sessionKey: 'a' } })).rejects.toMatchObject({
      data: { requestId: 'r-1' },
    });
  });

  it('keeps serving after a client cancels a call', async () => {
    const client = await connect(factoryOver(memoryContextStore()), era);
    const cancelled = new AbortController();
    const pending = client.callTool(
      { name: 'registerSession', arguments: { sessionKey: 'a' } },
      { signal: cancelled.signal },
    );
    cancelled.abort();
    await expect(pending).rejects.toThrow('abort');
    expect((await call(client, 'listSessions')).isError).toBe(false);
  });

  it('takes the caller from the transport', async () => {
    const caller = () => ({ namespace: 'tenant', agent: 'bound' });
    const client = await connect(factoryOver(memoryContextStore(), { caller }), era);
    expect((await call(client, 'registerSession', { sessionKey: 'a' })).body).toMatchObject({
      session: { namespace: 'tenant', owner: 'bound' },
    });
    expect((await call(client, 'registerSession', { agent: 'other' })).body).toMatchObject({ code: 'FORBIDDEN' });
  });
});

it('asks for the agent if the client name is unknown: stateless legacy HTTP', async () => {
  const handler = createMcpHandler(factoryOver(memoryContextStore()));
  const message = { jsonrpc: '2.0', id: 1, method: 'tools/call', params: { name: 'registerSession', arguments: {} } };
  const response = await handler.fetch(
    new Request('http://localhost/mcp', {
      method: 'POST',
      headers: { 'content-type': 'application/json', accept: 'application/json, text/event-stream' },
      body: JSON.stringify(message),
    }),
  );
  expect(await response.text()).toContain('Pass agent with the name you act under.');
});
