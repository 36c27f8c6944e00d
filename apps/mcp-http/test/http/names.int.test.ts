import { afterAll, beforeAll, expect, it, onTestFinished } from 'vitest';
import { clientKinds, connect, HttpServerProcess, post, temporaryFolder } from '../support/mcp-http.js';

let folder: Awaited<ReturnType<typeof temporaryFolder>>;
/** Two servers on one database. */
let replicas: readonly [HttpServerProcess, HttpServerProcess];
beforeAll(async () => {
  folder = await temporaryFolder();
  const env = { DATABASE_URL: `sqlite:${folder.path}/context.db` };
  replicas = [await HttpServerProcess.start(env), await HttpServerProcess.start(env)];
});
afterAll(async () => {
  await Promise.all(replicas.map((server) => server.stop()));
  await folder.remove();
});

const registering = (args: object = {}) => ({
  jsonrpc: '2.0',
  id: 1,
  method: 'tools/call',
  params: { name: 'registerSession', arguments: args },
});

const ownerIn = (answer: unknown): string | undefined => /"owner":"([^"]*)"/.exec(JSON.stringify(answer))?.[1];

it.each(
  clientKinds.flatMap((kind) =>
    [
      ['codex-mcp-client', 'codex'],
      ['gemini-cli-mcp-client', 'gemini'],
      ['claude-code', 'claude-code'],
      ['opencode', 'opencode'],
    ].map(([reported = '', agent = '']) => [kind, reported, agent] as const),
  ),
)('a %s that reports %s is %s', async (kind, reported, agent) => {
  const client = await connect(kind, reported, replicas[0].mcp);
  onTestFinished(() => client.close());
  const { structuredContent } = await client.callTool({ name: 'registerSession', arguments: {} });
  expect(ownerIn(structuredContent)).toBe(agent);
});

it.each(clientKinds)('a %s is called as its header or its URL says', async (kind) => {
  const byHeader = await connect(kind, 'codex-mcp-client', replicas[0].mcp, { 'Context-Agent': 'planner' });
  const byUrl = await connect(kind, 'codex-mcp-client', `${replicas[0].mcp}?agent=builder`);
  onTestFinished(async () => {
    await byHeader.close();
    await byUrl.close();
  });
  const register = { name: 'registerSession', arguments: {} };
  expect(ownerIn((await byHeader.callTool(register)).structuredContent)).toBe('planner');
  expect(ownerIn((await byUrl.callTool(register)).structuredContent)).toBe('builder');
});

// A client that is pinned to the modern era does not show why it was refused.
it.each(['v2 client, legacy', 'v1 client'] as const)(
  'a %s with a malformed name learns at once what is wrong',
  async (kind) => {
    await expect(connect(kind, 'x', replicas[0].mcp, { 'Context-Agent': 'a b' })).rejects.toThrow(
      /a b, in the Context-Agent header/,
    );
  },
);

it('any replica knows a legacy client by the session id of another, also after the client ended its session', async () => {
  const [first, second] = replicas;
  const clientInfo = { name: 'codex-mcp-client', version: '1' };
  const params = { protocolVersion: '2025-06-18', capabilities: {}, clientInfo };
  const initialized = await post(first.mcp, { jsonrpc: '2.0', id: 1, method: 'initialize', params });
  await initialized.text();
  const headers = { 'mcp-session-id': initialized.headers.get('mcp-session-id') ?? '' };
  const register = registering();
  const answer: unknown = await (await post(second.mcp, register, headers)).json();
  expect(ownerIn(answer)).toBe('codex');
  // MCP 2025-06-18, Streamable HTTP, session management: 405 says that clients cannot end sessions.
  const ended = await fetch(first.mcp, { method: 'DELETE', headers });
  await ended.text();
  expect(ended.status).toBe(405);
  expect(ownerIn(await (await post(first.mcp, register, headers)).json())).toBe('codex');
});

it.each(['', 'unknown', '00000000-0000-0000-0000-000000000000'])(
  'a session id that this server did not give is ignored: "%s"',
  async (id) => {
    const answer = await post(replicas[0].mcp, registering({ agent: 'a' }), { 'mcp-session-id': id });
    expect(ownerIn(await answer.json())).toBe('a');
  },
);
