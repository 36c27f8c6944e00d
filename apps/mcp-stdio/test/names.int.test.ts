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
