import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Client } from '@modelcontextprotocol/client';
import type { Client as ClientV1 } from '@modelcontextprotocol/sdk/client/index.js';
import { beforeEach, describe, expect, it, onTestFinished } from 'vitest';
import {
  clientKinds,
  connect,
  dataFolder,
  RawServer,
  type ClientKind,
  type DataFolder,
  type Env,
} from './mcp-stdio.js';

type AnyClient = Client | ClientV1;

/** A folder of each kind, all in one home. */
const folders = ['with-remote', 'without-remote', 'plain'] as const;
const remote = 'https://user:s3cret@GitHub.com/Owner/Repo.git';
const ofRemote = 'github.com/Owner/Repo';

let data: DataFolder;
beforeEach(async () => {
  data = await dataFolder();
  onTestFinished(() => data.remove());
  for (const folder of folders) await mkdir(join(data.path, folder, 'src'), { recursive: true });
  for (const [folder, config] of [
    ['with-remote', `[core]\n\tbare = false\n[remote "origin"]\n\turl = ${remote}\n`],
    ['without-remote', '[core]\n\tbare = false\n'],
  ] as const) {
    await mkdir(join(data.path, folder, '.git'));
    await writeFile(join(data.path, folder, '.git', 'config'), config);
  }
});

async function start(folder: string, env: Env = {}, kind: ClientKind = 'v2 client, modern'): Promise<AnyClient> {
  const client = await connect(kind, 'agent', { DATABASE_URL: data.database, ...env }, join(data.path, folder));
  onTestFinished(() => client.close());
  return client;
}

async function call<Answer>(client: AnyClient, name: string, args: Record<string, unknown> = {}): Promise<Answer> {
  const { structuredContent } = await client.callTool({ name, arguments: args });
  return structuredContent as Answer;
}

/** Registers a session, and offers it to anyone. Returns its project. */
async function offer(client: AnyClient, sessionKey: string): Promise<string | undefined> {
  const { session } = await call<{ session: { project?: string } }>(client, 'registerSession', { sessionKey });
  await call(client, 'requestHandoff', { sessionKey, requestType: 'context_transfer' });
  return session.project;
}

const offersOf = async (client: AnyClient, args: Record<string, unknown> = {}): Promise<string[]> => {
  const { handoffs } = await call<{ handoffs: { sessionKey: string }[] }>(client, 'listHandoffs', args);
  return handoffs.map(({ sessionKey }) => sessionKey);
};

const sessionsOf = async (client: AnyClient, args: Record<string, unknown> = {}): Promise<string[]> => {
  const { sessions } = await call<{ sessions: { sessionKey: string }[] }>(client, 'listSessions', args);
  return sessions.map(({ sessionKey }) => sessionKey).toReversed();
};

describe('servers in different folders', () => {
  it.each(clientKinds)("show each other's work only if they are asked for all projects: %s", async (kind) => {
    const clients = await Promise.all(folders.map((folder) => start(folder, {}, kind)));
    const projects: (string | undefined)[] = [];
    for (const [index, client] of clients.entries()) projects.push(await offer(client, `of-${folders[index] ?? ''}`));
    expect(projects).toEqual([
      ofRemote,
      expect.stringMatching(/^without-remote-[0-9a-f]{8}$/),
      expect.stringMatching(/^plain-[0-9a-f]{8}$/),
    ]);
    // Written by a client that belongs nowhere.
    await offer(await start('plain', { CONTEXT_PROJECT: 'none' }, kind), 'of-none');
    const everything = [...folders.map((folder) => `of-${folder}`), 'of-none'];
    for (const [index, client] of clients.entries()) {
      const own = [`of-${folders[index] ?? ''}`, 'of-none'];
      expect(await offersOf(client)).toEqual(own);
      expect(await sessionsOf(client)).toEqual(own);
      expect(await offersOf(client, { project: '*' })).toEqual(everything);
      expect(await sessionsOf(client, { project: '*' })).toEqual(everything);
    }
  });

  it('are of one project if a folder is in the repository of the other, or is a clone of it', async () => {
    const clone = join(data.path, 'clone', '.git');
    await mkdir(clone, { recursive: true });
    await writeFile(join(clone, 'config'), '[remote "origin"]\n\turl = git@github.com:Owner/Repo\n');
    const clients = await Promise.all([start('with-remote'), start('with-remote/src'), start('clone')]);
    await offer(clients[0], 'work');
    for (const client of clients) expect(await offersOf(client)).toEqual(['work']);
  });

  it('belong nowhere in the home folder and in the root, and see everything', async () => {
    await offer(await start('plain'), 'work');
    const home = await start('.', { HOME: data.path });
    const root = await start('../../../../../../../..');
    expect(await offer(home, 'of-home')).toBeUndefined();
    expect(await offer(root, 'of-root')).toBeUndefined();
    for (const client of [home, root]) expect(await offersOf(client)).toEqual(['work', 'of-home', 'of-root']);
  });

  it('keep no password of a remote anywhere', async () => {
    const client = await start('with-remote');
    const server = new RawServer({ DATABASE_URL: data.database, LOG_LEVEL: 'debug' }, join(data.path, 'with-remote'));
    server.callTool(1, 'registerSession', { sessionKey: 'raw', agent: 'a' });
    await server.next();
    server.child.stdin.end();
    await offer(client, 'work');
    const shown = JSON.stringify([
      await client.callTool({ name: 'listSessions', arguments: {} }),
      await server.finished,
    ]);
    expect(shown).toContain(ofRemote);
    expect(shown).not.toContain('s3cret');
  });
});

describe('the project of a server', () => {
  it('is named by CONTEXT_PROJECT, by the folder that Claude Code names, or else by its own', async () => {
    const claude = { CLAUDE_PROJECT_DIR: join(data.path, 'with-remote') };
    expect(await offer(await start('plain', claude), 'a')).toBe(ofRemote);
    expect(await offer(await start('plain', { ...claude, CONTEXT_PROJECT: 'named' }), 'b')).toBe('named');
    expect(await offer(await start('with-remote', { CLAUDE_PROJECT_DIR: '/nowhere/at/all' }), 'c')).toBe(ofRemote);
    expect(await offer(await start('with-remote', { CLAUDE_PROJECT_DIR: '' }), 'd')).toBe(ofRemote);
  });

  it('is refused at the start if it is malformed', async () => {
    const server = new RawServer({ DATABASE_URL: data.database, CONTEXT_PROJECT: remote });
    const { code, stderr } = await server.finished;
    expect(code).toBe(1);
    expect(stderr).toMatch(/^mcp-stdio: CONTEXT_PROJECT is not valid: [^\n]*owner\/repo[^\n]*\n$/);
    expect(stderr).not.toContain('s3cret');
  });

  it('does not keep a process alive, or a call waiting, whose client never tells its roots', async () => {
    const server = new RawServer({ DATABASE_URL: data.database, CONTEXT_AGENT: 'a' }, join(data.path, 'with-remote'));
    const clientInfo = { name: 'c', version: '1' };
    const params = { protocolVersion: '2025-11-25', capabilities: { roots: {} }, clientInfo };
    server.send({ id: 1, method: 'initialize', params });
    await server.next();
    server.send({ method: 'notifications/initialized' });
    expect(await server.next()).toMatchObject({ method: 'roots/list' });
    server.callTool(2, 'registerSession', { sessionKey: 'work' });
    expect(await server.next()).toMatchObject({
      id: 2,
      result: { structuredContent: { session: { project: ofRemote } } },
    });
    server.child.stdin.end();
    expect((await server.finished).code).toBe(0);
  });
});
