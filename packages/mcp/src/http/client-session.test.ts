import { describe, expect, it } from 'vitest';
import { memoryContextStore } from '../../test/connect.js';
import { messageOf } from '../../test/message-of.js';
import { createMcpHttpHandler, type McpHttpHandler } from './create-mcp-http-handler.js';

const open = (contextStore = memoryContextStore()): McpHttpHandler =>
  createMcpHttpHandler({ contextStore, version: '1.2.3' });

const requestOf = (method: string, params?: object): object => ({ jsonrpc: '2.0', id: 1, method, params });
const initialize = (changed: object): object =>
  requestOf('initialize', {
    protocolVersion: '2025-06-18',
    capabilities: {},
    clientInfo: { name: 'Some Client', version: '1' },
    ...changed,
  });

function post(handler: McpHttpHandler, message: object, headers: Record<string, string> = {}): Promise<Response> {
  const common = { 'content-type': 'application/json', accept: 'application/json, text/event-stream' };
  const init = { method: 'POST', headers: { ...common, ...headers }, body: JSON.stringify(message) };
  return handler.fetch(new Request('http://localhost/mcp', init), { message: messageOf(message) });
}

const sessionIdOf = async (handler: McpHttpHandler, message = initialize({})): Promise<string | null> =>
  (await post(handler, message)).headers.get('mcp-session-id');

describe('a client of the legacy era over HTTP', () => {
  it.each([
    ['any call', { arguments: {} }, 'some-client'],
    ['a call that asks for progress', { arguments: {}, _meta: { progressToken: 1 } }, 'some-client'],
    ['a call that names an agent', { arguments: { agent: 'other' } }, 'other'],
  ])('is identified in %s by the name that it gave another replica at initialize', async (_what, params, owner) => {
    const contextStore = memoryContextStore();
    const sessionId = (await sessionIdOf(open(contextStore))) ?? '';
    expect(sessionId).toMatch(/^[0-9a-f-]{36}\.some-client$/);
    const call = requestOf('tools/call', { name: 'registerSession', ...params });
    const answer = await post(open(contextStore), call, { 'mcp-session-id': sessionId });
    expect(await answer.text()).toContain(`"owner":"${owner}"`);
  });

  it.each([
    ['codex-mcp-client', 'codex'],
    ['gemini-cli-mcp-client', 'gemini'],
    ['opencode', 'opencode'],
    ['Visual Studio Code', 'vscode'],
    ['claude-ai (via mcp-remote 0.1.37)', 'claude-ai'],
  ])('that reports %j is known as %s', async (name, owner) => {
    const contextStore = memoryContextStore();
    const sessionId = (await sessionIdOf(open(contextStore), initialize({ clientInfo: { name, version: '1' } }))) ?? '';
    const call = requestOf('tools/call', { name: 'registerSession' });
    const answer = await post(open(contextStore), call, { 'mcp-session-id': sessionId });
    expect(await answer.text()).toContain(`"owner":"${owner}"`);
  });

  it('gets a new session id each time', async () => {
    const handler = open();
    expect(await sessionIdOf(handler)).not.toBe(await sessionIdOf(handler));
  });

  it.each(['', 'x', 'client', `${'0'.repeat(36)}.`, `${'0'.repeat(36)}.role:x`, `${'0'.repeat(36)}.A b`])(
    'is not identified by the session id "%s"',
    async (sessionId) => {
      const call = requestOf('tools/call', { name: 'registerSession' });
      const answer = await post(open(), call, { 'mcp-session-id': sessionId });
      expect(await answer.json()).toMatchObject({ result: { structuredContent: { code: 'VALIDATION_ERROR' } } });
    },
  );

  it('gets no session id for a name that no agent can have, or for another method than initialize', async () => {
    const handler = open();
    const nameless = initialize({ clientInfo: { name: '!', version: '1' } });
    for (const message of [nameless, initialize({ clientInfo: null }), requestOf('ping')]) {
      expect(await sessionIdOf(handler, message)).toBeNull();
    }
  });

  it.each([
    [{ protocolVersion: null }, 'protocolVersion'],
    [{ clientInfo: { name: 7, version: '1' } }, 'clientInfo.name'],
    [{ capabilities: undefined }, 'capabilities'],
    ...[0, '2026-07-28', '2025-11-25'].map((version): [object, string] => [
      { clientInfo: { name: 7, version: '1' }, _meta: { 'io.modelcontextprotocol/protocolVersion': version } },
      'clientInfo.name',
    ]),
  ])('gets an error that names the problem with %j at initialize', async (changed, named) => {
    const answer = await post(open(), initialize(changed));
    expect(await answer.json()).toMatchObject({
      id: 1,
      error: { code: -32_602, message: expect.stringContaining(`Invalid params for initialize: ${named}: `) as string },
    });
  });
});
