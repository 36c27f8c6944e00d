import { expect, it, onTestFinished } from 'vitest';
import { clientKinds, connect, dataFolder, type ClientKind } from './mcp-stdio.js';

type Client = Awaited<ReturnType<typeof connect>>;

/** Connects a client that reports this name to a new server process. */
async function open(kind: ClientKind, name: string, env: Readonly<Record<string, string>>): Promise<Client> {
  const client = await connect(kind, name, env);
  onTestFinished(() => client.close());
  return client;
}

const call = async (client: Client, name: string, args: object): Promise<unknown> =>
  (await client.callTool({ name, arguments: { ...args } }))['structuredContent'];

it.each(clientKinds)('gives a known client its short name: %s', async (kind) => {
  const folder = await dataFolder();
  onTestFinished(() => folder.remove());
  const client = await open(kind, 'codex-mcp-client', { DATABASE_URL: folder.database });
  expect(await call(client, 'registerSession', { sessionKey: 'a' })).toMatchObject({ session: { owner: 'codex' } });
  const named = { sessionKey: 'b', agent: 'planner' };
  expect(await call(client, 'registerSession', named)).toMatchObject({ session: { owner: 'planner' } });
  const configured = await open(kind, 'codex-mcp-client', { DATABASE_URL: folder.database, CONTEXT_AGENT: 'me' });
  expect(await call(configured, 'registerSession', { sessionKey: 'c' })).toMatchObject({ session: { owner: 'me' } });
});

it('finds the sessions and offers of the name that the client reports', async () => {
  const folder = await dataFolder();
  onTestFinished(() => folder.remove());
  const env = { DATABASE_URL: folder.database };
  const before = await open('v2 client, legacy', 'x', { ...env, CONTEXT_AGENT: 'codex-mcp-client' });
  await call(before, 'registerSession', { sessionKey: 'old' });
  const offer = { sessionKey: 'old', requestType: 'full_handoff', targetAgent: 'codex-mcp-client' };
  const { handoff } = (await call(before, 'requestHandoff', offer)) as { handoff: { handoffId: string } };
  const after = await open('v2 client, legacy', 'codex-mcp-client', env);
  const note = { sessionKey: 'old', contextType: 'message', content: 'x' };
  expect(await call(after, 'updateContext', note)).toMatchObject({ sequence: 1, epoch: 1 });
  const { handoffId } = handoff;
  expect(await call(after, 'listHandoffs', {})).toMatchObject({ handoffs: [{ handoffId }] });
  expect(await call(after, 'acceptHandoff', { handoffId })).toMatchObject({ session: { epoch: 2 } });
  expect(await call(after, 'updateContext', note)).toMatchObject({ sequence: 2, epoch: 2 });
});
