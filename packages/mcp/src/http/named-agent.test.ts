import { describe, expect, it } from 'vitest';
import { memoryContextStore } from '../../test/connect.js';
import { messageOf } from '../../test/message-of.js';
import { createMcpHttpHandler, type McpHttpHandlerOptions } from './create-mcp-http-handler.js';

type Settings = Partial<McpHttpHandlerOptions>;

/** Sends one message to a server of its own. */
async function send(
  message: object,
  { url = '', headers = {}, ...settings }: Settings & { url?: string; headers?: Record<string, string> },
): Promise<{ status: number; body: unknown }> {
  const handler = createMcpHttpHandler({ contextStore: memoryContextStore(), version: '1.2.3', ...settings });
  const common = { 'content-type': 'application/json', accept: 'application/json, text/event-stream' };
  const init = { method: 'POST', headers: { ...common, ...headers }, body: JSON.stringify(message) };
  const request = new Request(`http://localhost/mcp${url}`, init);
  const response = await handler.fetch(request, { message: messageOf(message) });
  const text = await response.text();
  const data = /^data: (.*)$/m.exec(text)?.[1] ?? text;
  return { status: response.status, body: data === '' ? undefined : JSON.parse(data) };
}

const register = (args: object = {}, _meta?: object): object => ({
  jsonrpc: '2.0',
  id: 7,
  method: 'tools/call',
  params: { name: 'registerSession', arguments: args, ...(_meta && { _meta }) },
});
/** A progress token takes the call past the fast path. */
const slow = { progressToken: 1 };
const version = { 'io.modelcontextprotocol/protocolVersion': '2026-07-28' };
const modern = {
  ...version,
  'io.modelcontextprotocol/clientInfo': { name: 'Some Client', version: '1' },
  'io.modelcontextprotocol/clientCapabilities': {},
};
const modernHeaders = {
  'mcp-protocol-version': '2026-07-28',
  'mcp-method': 'tools/call',
  'mcp-name': 'registerSession',
};
const sessionId = `${'0'.repeat(36)}.some-client`;
const ownedBy = (owner: string): object => ({ body: { result: { structuredContent: { session: { owner } } } } });
const refusedAs = (code: string): object => ({ body: { result: { isError: true, structuredContent: { code } } } });

describe('the agent of a request over HTTP', () => {
  const header = { 'context-agent': 'header' };
  it.each<[string, Parameters<typeof send>, string]>([
    ['the header', [register(), { headers: header }], 'header'],
    ['the URL', [register(), { url: '?agent=in-url' }], 'in-url'],
    ['both, if they agree', [register(), { url: '?agent=header', headers: header }], 'header'],
    [
      'the header rather than the name of the client',
      [register(), { headers: { ...header, 'mcp-session-id': sessionId } }],
      'header',
    ],
    ['the argument rather than the header', [register({ agent: 'argument' }), { headers: header }], 'argument'],
    [
      'the URL rather than CONTEXT_AGENT',
      [register(), { url: '?agent=in-url', contextStore: memoryContextStore({ agent: 'configured' }) }],
      'in-url',
    ],
    [
      'CONTEXT_AGENT if header and URL are empty',
      [
        register(),
        {
          url: '?agent=&x=1',
          headers: { 'context-agent': ' ' },
          contextStore: memoryContextStore({ agent: 'configured' }),
        },
      ],
      'configured',
    ],
    [
      'the credential, if the header names it too',
      [register(), { headers: header, caller: () => ({ agent: 'header' }) }],
      'header',
    ],
    ['the header in calls that the SDK serves', [register({}, slow), { headers: header }], 'header'],
    ['the header in the modern era', [register({}, modern), { headers: { ...header, ...modernHeaders } }], 'header'],
    [
      'the header in the modern era, in calls that the SDK serves',
      [register({}, { ...modern, ...slow }), { headers: { ...header, ...modernHeaders } }],
      'header',
    ],
    [
      'the name of the client otherwise',
      [register(), { url: '?x=1', headers: { 'mcp-session-id': sessionId } }],
      'some-client',
    ],
  ])('is named by %s', async (_what, sent, owner) => {
    expect(await send(...sent)).toMatchObject(ownedBy(owner));
  });

  it.each<[string, Parameters<typeof send>[1], object]>([
    ['the header', { headers: header }, {}],
    ['the URL', { url: '?agent=in-url' }, {}],
    ['the header, although the argument agrees', { headers: header }, { agent: 'bound' }],
  ])('that is bound to a credential is FORBIDDEN to have another name in %s', async (_what, options, args) => {
    for (const meta of [undefined, slow]) {
      const answer = await send(register(args, meta), { ...options, caller: () => ({ agent: 'bound' }) });
      expect(answer).toMatchObject({ status: 200, ...refusedAs('FORBIDDEN') });
    }
  });

  it.each([
    ['', { 'context-agent': 'a b' }, 'a b, in'],
    ['', { 'context-agent': 'role:x' }, 'role:x, in'],
    ['', { 'context-agent': 'x'.repeat(129) }, 'no agent name: 1 to 128'],
    ['?agent=a%20b', {}, 'a b, in'],
    ['?agent=a&agent=b', {}, 'name different agents: a, b'],
    ['?agent=b', { 'context-agent': 'a' }, 'name different agents: a, b'],
    ['?agent=%F0%9F%98%80', {}, 'no agent name'],
  ])('is refused in every message if it is malformed: %s %o', async (url, headers, says) => {
    const initialize = { protocolVersion: '2025-06-18', capabilities: {}, clientInfo: { name: 'x', version: '1' } };
    for (const message of [
      register(),
      { jsonrpc: '2.0', id: 7, method: 'initialize', params: initialize },
      { jsonrpc: '2.0', id: 7, method: 'tools/list' },
    ]) {
      expect(await send(message, { url, headers })).toMatchObject({
        status: 400,
        body: {
          id: 7,
          error: { message: expect.stringContaining(says) as string, data: { code: 'VALIDATION_ERROR' } },
        },
      });
    }
  });

  it('names the inbox among the resources', async () => {
    const list = { jsonrpc: '2.0', id: 7, method: 'resources/list' };
    const { body } = await send(list, { headers: header });
    expect(JSON.stringify(body)).toContain('handoff://inbox/header');
  });
});
