import { Client, InsufficientScopeError, StreamableHTTPClientTransport } from '@modelcontextprotocol/client';
import type { AuthInfo } from '@modelcontextprotocol/server';
import { describe, expect, it } from 'vitest';
import { call, eras, observedContextStore, type Era } from '../../test/connect.js';
import { messageOf } from '../../test/message-of.js';
import { createMcpHttpHandler, type McpHttpHandler, type McpHttpHandlerOptions } from './create-mcp-http-handler.js';
import { withMethods } from '../testing/with-methods.js';

const wait = { name: 'listHandoffs', arguments: { agent: 'reviewer', waitSeconds: 45 } };
const note = { sessionKey: 'work', contextType: 'message', content: 'x', agent: 'a' } as const;
const uri = 'handoff://context/work';

function servedOver(options: Partial<McpHttpHandlerOptions> = {}) {
  const observed = observedContextStore();
  const { contextStore } = observed;
  const handler = createMcpHttpHandler({
    contextStore,
    version: '1.2.3',
    gatherMs: 5,
    progressIntervalMs: 5,
    ...options,
  });
  return { ...observed, handler };
}

/** An official client that sends its requests directly to the handler. */
async function connect(
  handler: McpHttpHandler,
  era: Era,
  headers: Record<string, string> = {},
  authInfo?: AuthInfo,
): Promise<Client> {
  const transport = new StreamableHTTPClientTransport(new URL('http://localhost/mcp'), {
    requestInit: { headers },
    fetch: async (url, init) => {
      const request = new Request(url, init);
      const message = request.method === 'POST' ? messageOf(await request.clone().json()) : undefined;
      return handler.fetch(request, { message, ...(authInfo && { authInfo }) });
    },
  });
  const mode = era === 'modern' ? { pin: '2026-07-28' } : 'legacy';
  const client = new Client({ name: 'client', version: '1' }, { versionNegotiation: { mode } });
  await client.connect(transport);
  return client;
}

const settled = () => new Promise((later) => setTimeout(later, 60));

describe.each(eras)('calls over HTTP, %s era', (era) => {
  it('wait, and report progress to a client that asked for it', async () => {
    const { handler, contextStore, waiting } = servedOver();
    await contextStore.registerSession({ sessionKey: 'work', agent: 'planner' });
    const client = await connect(handler, era);
    const { promise: heard, resolve } = Promise.withResolvers<unknown>();
    const arriving = client.callTool(wait, { onprogress: resolve });
    expect(await heard).toMatchObject({ progress: expect.any(Number) as number });
    await contextStore.requestHandoff({ sessionKey: 'work', requestType: 'full_handoff', agent: 'planner' });
    expect(await arriving).toMatchObject({ structuredContent: { handoffs: [{ sessionKey: 'work' }] } });
    expect(await waiting()).toBe(0);
  });

  it('leak nothing when their connections are dropped: 200 concurrent calls', async () => {
    const { handler, waiting, listeners } = servedOver();
    const dropped = new AbortController();
    const params = { ...wait, _meta: { ...envelopes[era], progressToken: 1 } };
    const answers = Array.from({ length: 200 }, (_, id) => {
      const message = { jsonrpc: '2.0', id, method: 'tools/call', params };
      const headers = { ...baseHeaders, ...eraHeaders[era] };
      const body = JSON.stringify(message);
      const request = new Request('http://localhost/mcp', { method: 'POST', headers, body, signal: dropped.signal });
      return handler.fetch(request, { message: messageOf(message) }).then((response) => response.text());
    });
    const outcomes = Promise.allSettled(answers);
    await expect.poll(waiting).toBe(200);
    dropped.abort();
    await expect.poll(waiting).toBe(0);
    expect(listeners()).toBe(0);
    await outcomes;
  });

  it('are answered without offers when the server stops, and other calls are still served', async () => {
    const stopping = new AbortController();
    const { handler, waiting } = servedOver({ stopping: stopping.signal });
    const client = await connect(handler, era);
    const arriving = call(client, 'listHandoffs', wait.arguments);
    await expect.poll(waiting).toBe(1);
    stopping.abort();
    expect(await arriving).toMatchObject({ isError: false, body: { handoffs: [] } });
    expect((await call(client, 'listSessions')).isError).toBe(false);
  });
});

const baseHeaders = { 'content-type': 'application/json', accept: 'application/json, text/event-stream' };
const eraHeaders: { readonly [E in Era]: Record<string, string> } = {
  legacy: { 'mcp-protocol-version': '2025-11-25' },
  modern: { 'mcp-protocol-version': '2026-07-28', 'mcp-method': 'tools/call', 'mcp-name': 'listHandoffs' },
};
const envelopes: { readonly [E in Era]: object } = {
  legacy: {},
  modern: {
    'io.modelcontextprotocol/protocolVersion': '2026-07-28',
    'io.modelcontextprotocol/clientInfo': { name: 'client', version: '1' },
    'io.modelcontextprotocol/clientCapabilities': {},
  },
};

it('ends a wait when a modern client cancels by dropping the request', async () => {
  const { handler, waiting } = servedOver();
  const client = await connect(handler, 'modern');
  const cancelled = new AbortController();
  const arriving = client.callTool(wait, { signal: cancelled.signal });
  await expect.poll(waiting).toBe(1);
  cancelled.abort();
  await expect(arriving).rejects.toThrow('abort');
  await expect.poll(waiting).toBe(0);
});

it('offers legacy clients no subscriptions, for which there is no connection', async () => {
  const client = await connect(servedOver().handler, 'legacy');
  expect(client.getServerCapabilities()).toMatchObject({ resources: {} });
  expect(client.getServerCapabilities()?.resources).toEqual({});
  const asked = client.request({ method: 'resources/subscribe', params: { uri } } as never);
  await expect(asked).rejects.toMatchObject({ code: -32_601 });
});

/** The response, whose body the test does not read. */
function listenTo(handler: McpHttpHandler, uris: string[]): Promise<Response> {
  const params = { notifications: { resourceSubscriptions: uris }, _meta: envelopes.modern };
  const message = { jsonrpc: '2.0', id: 1, method: 'subscriptions/listen', params };
  const headers = { ...baseHeaders, 'mcp-protocol-version': '2026-07-28', 'mcp-method': 'subscriptions/listen' };
  const request = new Request('http://localhost/mcp', { method: 'POST', headers, body: JSON.stringify(message) });
  return handler.fetch(request, { message: messageOf(message) });
}

describe('a modern client that listens over HTTP', () => {
  const listening = async (client: Client): Promise<string[]> => {
    const heard: string[] = [];
    client.setNotificationHandler('notifications/resources/updated', ({ params }) => void heard.push(params.uri));
    client.setNotificationHandler('notifications/resources/list_changed', () => void heard.push('list'));
    return heard;
  };

  it('is notified of what it asked for, until it stops listening', async () => {
    const { handler, contextStore, listeners } = servedOver();
    await contextStore.registerSession({ sessionKey: 'work', agent: 'a' });
    const client = await connect(handler, 'modern');
    const heard = await listening(client);
    const subscription = await client.listen({ resourceSubscriptions: [uri], resourcesListChanged: true });
    expect(subscription.honoredFilter).toEqual({ resourceSubscriptions: [uri], resourcesListChanged: true });
    await contextStore.updateContext(note);
    await expect.poll(() => heard).toEqual([uri]);
    await contextStore.registerSession({ sessionKey: 'new', agent: 'a' });
    await expect.poll(() => heard).toEqual([uri, 'list']);
    await subscription.close();
    await expect.poll(listeners).toBe(0);
  });

  it('is notified of changes in its own namespace only', async () => {
    const { handler, contextStore } = servedOver({
      caller: ({ requestInfo }) => ({ namespace: requestInfo?.headers.get('x-tenant') ?? 'none' }),
    });
    const [ours, theirs] = [{ namespace: 'ours' }, { namespace: 'theirs' }];
    for (const caller of [ours, theirs])
      await contextStore.as(caller).registerSession({ sessionKey: 'work', agent: 'a' });
    const [our, their] = [
      await connect(handler, 'modern', { 'x-tenant': 'ours' }),
      await connect(handler, 'modern', { 'x-tenant': 'theirs' }),
    ];
    const [weHeard, theyHeard] = [await listening(our), await listening(their)];
    const filter = { resourceSubscriptions: [uri], resourcesListChanged: true };
    await Promise.all([our.listen(filter), their.listen(filter)]);
    await contextStore.as(ours).updateContext(note);
    await expect.poll(() => weHeard).toEqual([uri]);
    await settled();
    expect(theyHeard).toEqual([]);
  });

  it('gets an error if it listens to a resource that does not exist', async () => {
    const { handler, listeners } = servedOver();
    const response = await listenTo(handler, ['handoff://sessions', 'handoff://inbox/role:x']);
    expect(await response.json()).toMatchObject({
      id: 1,
      error: { code: -32_602, message: expect.stringContaining('agent') as string },
    });
    const client = await connect(handler, 'modern');
    await expect(client.listen({ resourceSubscriptions: ['handoff://inbox/role:x'] })).rejects.toThrow('agent');
    expect(listeners()).toBe(0);
  });

  it('gets a final message when the server stops, and cannot listen again', async () => {
    const stopping = new AbortController();
    const { handler, listeners } = servedOver({ stopping: stopping.signal });
    const client = await connect(handler, 'modern');
    const subscription = await client.listen({ resourceSubscriptions: [uri] });
    stopping.abort();
    expect(await subscription.closed).toBe('graceful');
    expect(listeners()).toBe(0);
    await expect(client.listen({ resourceSubscriptions: [uri] })).rejects.toThrow('stopping');
    expect((await call(client, 'listSessions')).isError).toBe(false);
  });

  it('gets an error if the server stops while the subscription is set up', async () => {
    const [asked, answering] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
    const { contextStore } = observedContextStore();
    const stopping = new AbortController();
    let reads = 0;
    const busy = withMethods(contextStore, (view) => ({
      getContext: async (input) => {
        reads += 1;
        asked.resolve();
        await answering.promise;
        return view.getContext(input);
      },
    }));
    const { handler } = servedOver({ contextStore: busy, stopping: stopping.signal });
    const answer = listenTo(handler, [uri, 'handoff://context/other']);
    await asked.promise;
    stopping.abort();
    answering.resolve();
    const response = await answer;
    expect(response.status).toBe(503);
    expect(await response.json()).toMatchObject({ error: { message: expect.stringContaining('stopping') as string } });
    expect(reads).toBe(1);
  });

  it('loses the stream if it does not read it', async () => {
    const { handler, contextStore, listeners } = servedOver({ gatherMs: 0 });
    const uris = Array.from({ length: 100 }, (_, index) => `handoff://inbox/${'a'.repeat(100)}${index}`);
    const response = await listenTo(handler, uris);
    expect(listeners()).toBe(100);
    await contextStore.registerSession({ sessionKey: 'work', agent: 'a' });
    for (let round = 0; round < 30 && listeners() > 0; round += 1) {
      await contextStore.requestHandoff({ sessionKey: 'work', requestType: 'full_handoff', agent: 'a' });
      await settled();
    }
    expect(listeners()).toBe(0);
    await expect(response.text()).rejects.toThrow('too slow');
  });
});

describe('a client with credentials', () => {
  const granted = (scopes: string[], lifeMs = 600_000): AuthInfo => ({
    token: '',
    clientId: 'client',
    scopes,
    // Relative to each request.
    get expiresAt() {
      return (Date.now() + lifeMs) / 1000;
    },
    resourceMetadataUrl: 'https://context.example/.well-known/oauth-protected-resource/mcp',
  });

  it.each(eras)('is served what its scopes cover, and gets the missing scopes for the rest, %s era', async (era) => {
    const { handler } = servedOver();
    const client = await connect(handler, era, {}, granted(['context:read']));
    expect((await client.listTools()).tools).toHaveLength(10);
    expect((await call(client, 'listSessions')).isError).toBe(false);
    await expect(client.callTool(wait)).rejects.toBeInstanceOf(InsufficientScopeError);
    await expect(client.readResource({ uri: 'handoff://inbox/a' })).rejects.toMatchObject({ requiredScope: 'handoff' });
    const administrator = await connect(handler, era, {}, granted(['admin']));
    expect((await call(administrator, 'registerSession', { agent: 'a' })).isError).toBe(false);
  });

  it('is refused with an error for its request, and a challenge', async () => {
    const message = { jsonrpc: '2.0', id: 7, method: 'tools/call', params: { name: 'updateContext' } };
    const request = new Request('http://localhost/mcp', { method: 'POST', headers: baseHeaders });
    const response = await servedOver().handler.fetch(request, { message: messageOf(message), authInfo: granted([]) });
    const problem =
      'This needs the scope context:write, which these credentials do not have. Ask for credentials that do.';
    expect([response.status, response.headers.get('www-authenticate')]).toEqual([
      403,
      `Bearer error="insufficient_scope", error_description="${problem}", scope="context:write", resource_metadata="https://context.example/.well-known/oauth-protected-resource/mcp"`,
    ]);
    expect(await response.json()).toEqual({
      jsonrpc: '2.0',
      id: 7,
      error: {
        code: -32_000,
        message: problem,
        data: {
          code: 'FORBIDDEN',
          message: problem,
          retryable: false,
          details: { missingScopes: ['context:write'] },
        },
      },
    });
  });

  it('cannot listen to resources that it may not read', async () => {
    const { handler, listeners } = servedOver();
    const client = await connect(handler, 'modern', {}, granted(['context:read']));
    const inbox = client.listen({ resourceSubscriptions: [uri, 'handoff://inbox/a'] });
    await expect(inbox).rejects.toMatchObject({ requiredScope: 'handoff' });
    const blind = await connect(handler, 'modern', {}, granted(['handoff']));
    await expect(blind.listen({ resourcesListChanged: true })).rejects.toMatchObject({ requiredScope: 'context:read' });
    expect(listeners()).toBe(0);
  });

  it('is notified only while they are valid', async () => {
    const { handler, listeners } = servedOver();
    const client = await connect(handler, 'modern', {}, granted(['context:read'], 300));
    const subscription = await client.listen({ resourceSubscriptions: [uri] });
    const lasting = await connect(handler, 'modern', {}, granted(['context:read'], Infinity));
    await lasting.listen({ resourceSubscriptions: ['handoff://sessions'] });
    await subscription.closed;
    await expect.poll(listeners).toBe(1);
    await settled();
    expect(listeners()).toBe(1);
    await lasting.close();
  });
});
