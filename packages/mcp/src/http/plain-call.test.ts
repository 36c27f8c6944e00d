import { createContextStore, type RequestCaller, type ContextStore } from '@org/domain';
import { createMemoryStore } from '@org/store-contract';
import { describe, expect, it } from 'vitest';
import { messageOf } from '../../test/message-of.js';
import { createMcpHttpHandler, serveOverHttp, type McpHttpHandler } from './create-mcp-http-handler.js';
import { createMcpServerFactory } from '../create-mcp-server-factory.js';
import { receiveMessage } from '../messages/message.js';
import { createResourceChanges } from '../subscriptions/resource-changes.js';
import { createResources } from '../resources/resources.js';
import { readPlainCall, type PlainCall } from './plain-call.js';

type Era = 'legacy' | 'modern';
type JsonObject = Readonly<Record<string, unknown>>;

const eras: readonly Era[] = ['legacy', 'modern'];
const version = '1.2.3';
const register = { name: 'registerSession', arguments: { agent: 'planner', sessionKey: 'work' } };
const envelope = {
  'io.modelcontextprotocol/protocolVersion': '2026-07-28',
  'io.modelcontextprotocol/clientInfo': { name: 'Some Client', version: '1' },
  'io.modelcontextprotocol/clientCapabilities': { roots: {} },
};

interface Call {
  readonly params?: object;
  readonly headers?: Readonly<Record<string, string>>;
  readonly message?: object;
  readonly signal?: AbortSignal;
}

/** A message as clients of the era send it, with the changes of a test. */
function callOf(era: Era, { params = register, headers = {}, message: changed = {}, signal }: Call = {}) {
  const { name, _meta: meta } = params as { name?: string; _meta?: JsonObject };
  const ofEra =
    era === 'legacy'
      ? { params, headers: {} }
      : {
          params: { ...params, _meta: { ...envelope, ...meta } },
          headers: { 'mcp-protocol-version': '2026-07-28', 'mcp-method': 'tools/call', 'mcp-name': name ?? '' },
        };
  const message: JsonObject = { jsonrpc: '2.0', id: 7, method: 'tools/call', params: ofEra.params, ...changed };
  const common = { 'content-type': 'application/json', accept: 'application/json, text/event-stream' };
  const request = new Request('http://localhost/mcp', {
    method: 'POST',
    headers: { ...common, ...ofEra.headers, ...headers },
    body: JSON.stringify(message),
    ...(signal && { signal }),
  });
  return { request, message };
}

function plainCallIn({ request, message }: ReturnType<typeof callOf>): PlainCall | undefined {
  const received = receiveMessage(Buffer.from(JSON.stringify(message)));
  return received.kind === 'tool_call' ? readPlainCall(request, received) : undefined;
}

/** A context store whose answers are the same in every run. */
const timeless = (): ContextStore =>
  createContextStore({ store: createMemoryStore({ clock: () => 1_700_000_000_000 }) });

function sdkHandler(contextStore: ContextStore): Pick<McpHttpHandler, 'fetch'> {
  const resourceChanges = createResourceChanges({ contextStore, resources: createResources(contextStore, undefined) });
  const caller = (): RequestCaller => ({ requestId: 'r-1' });
  return serveOverHttp(createMcpServerFactory({ contextStore, version, caller }), { resourceChanges });
}

async function answer(
  handler: Pick<McpHttpHandler, 'fetch'>,
  { request, message }: ReturnType<typeof callOf>,
): Promise<unknown[]> {
  const response = await handler.fetch(request, { message: messageOf(message), requestId: 'r-1' });
  const text = await response.text();
  const isStream = response.headers.get('content-type') === 'text/event-stream';
  return [response.status, isStream ? /^data: (.*)$/m.exec(text)?.[1] : text];
}

describe.each(eras)('a plain call, %s era', (era) => {
  it.each([
    ['that succeeds', {}],
    ['that is refused', { params: { name: 'getContext', arguments: { sessionKey: 'none' } } }],
    ['without arguments', { params: { name: 'listSessions' } }],
    ['whose agent is the name of the client', { params: { name: 'registerSession' } }],
    [
      'with a string as its id, and a trace',
      { message: { id: 'x' }, params: { ...register, _meta: { traceparent: '' } } },
    ],
  ])('%s gets the same bytes as from the SDK', async (_case, given) => {
    expect(plainCallIn(callOf(era, given))).toMatchObject({ era });
    const plain = await answer(createMcpHttpHandler({ contextStore: timeless(), version }), callOf(era, given));
    const served = await answer(sdkHandler(timeless()), callOf(era, given));
    const withoutKey = ([status, text]: unknown[]): unknown[] => [
      status,
      String(text).replaceAll(/s-[a-z2-9]{16}/g, 's-'),
    ];
    expect(withoutKey(plain)).toEqual(withoutKey(served));
  });

  it.each<[string, Call]>([
    ['that asks for progress', { params: { ...register, _meta: { progressToken: 1 } } }],
    ['that may wait', { params: { name: 'listHandoffs', arguments: { agent: 'planner', waitSeconds: 0 } } }],
    ['of a tool that does not exist', { params: { name: 'toString', arguments: {} } }],
    ['with arguments that are a list', { params: { ...register, arguments: [1] } }],
    ['without an id', { message: { id: undefined } }],
    ['whose id is not an integer', { message: { id: 1.5 } }],
    ['without a version of JSON-RPC', { message: { jsonrpc: '1.0' } }],
    ['with another member', { message: { result: {} } }],
    ['with another parameter', { params: { ...register, task: {} } }],
    [
      'with an argument that the SDK drops',
      { params: { ...register, arguments: JSON.parse('{"__proto__":1}') as object } },
    ],
    [
      'with another reserved key in its _meta',
      { params: { ...register, _meta: { 'io.modelcontextprotocol/logLevel': 'debug' } } },
    ],
    ['of another method', { message: { method: 'prompts/get' } }],
    ['of an unknown version', { headers: { 'mcp-protocol-version': '1999-01-01' } }],
    [
      'of the version of the other era',
      { headers: { 'mcp-protocol-version': era === 'legacy' ? '2026-07-28' : '2025-11-25' } },
    ],
  ])('is not recognised in a call %s', (_case, given) => {
    expect(plainCallIn(callOf(era, given))).toBeUndefined();
  });

  it('ends when its client is gone', async () => {
    const calling = Promise.withResolvers<AbortSignal | undefined>();
    const memory = createMemoryStore();
    const hanging = createContextStore({
      store: {
        ...memory,
        readEntries: (_request, given) => {
          calling.resolve(given);
          return new Promise<never>(() => undefined);
        },
      },
    });
    const client = new AbortController();
    const params = { name: 'getContext', arguments: { sessionKey: 'work' } };
    const call = callOf(era, { params, signal: client.signal });
    const answering = answer(createMcpHttpHandler({ contextStore: hanging, version }), call);
    const signal = await calling.promise;
    expect(signal?.aborted).toBe(false);
    client.abort();
    expect(await answering).toEqual([499, '']);
    expect(signal?.aborted).toBe(true);
  });
});

it.each<[string, Call]>([
  ['a different Mcp-Name', { headers: { 'mcp-name': 'getContext' } }],
  ['a different Mcp-Method', { headers: { 'mcp-method': 'tools/list' } }],
  ['a client without a name', { params: { ...register, _meta: { 'io.modelcontextprotocol/clientInfo': {} } } }],
  ['invalid capabilities', { params: { ...register, _meta: { 'io.modelcontextprotocol/clientCapabilities': 7 } } }],
  [
    'an unknown version',
    { params: { ...register, _meta: { 'io.modelcontextprotocol/protocolVersion': '2099-01-01' } } },
  ],
])('refuses a modern call with %s, and does not recognise it as plain', async (_case, given) => {
  expect(plainCallIn(callOf('modern', given))).toBeUndefined();
  const [status] = await answer(createMcpHttpHandler({ contextStore: timeless(), version }), callOf('modern', given));
  expect(status).toBe(400);
});
