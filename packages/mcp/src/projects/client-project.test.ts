import { setTimeout as delay } from 'node:timers/promises';
import { Client } from '@modelcontextprotocol/client';
import { InMemoryTransport } from '@modelcontextprotocol/server';
import { describe, expect, it } from 'vitest';
import { call, connectStdio, memoryContextStore } from '../../test/connect.js';
import { serveMcpStdio } from '../stdio/serve-mcp-stdio.js';

/** Folders whose names say what project they give. */
const findProject = (folder: string): string | undefined => /\bproject-\w+/.exec(folder)?.[0];
const localProjects = { findProject, folders: ['/plain', '/at/project-here', '/at/project-there'] };

const projectOf = async (client: Client, meta?: Record<string, unknown>): Promise<unknown> => {
  const { structuredContent } = await client.callTool({
    name: 'registerSession',
    arguments: { agent: 'a' },
    ...(meta && { _meta: meta }),
  });
  return (structuredContent as { session: { project?: string } }).session.project;
};

/** Clients of today send this, although the next era has no roots. */
// oxlint-disable-next-line typescript/no-deprecated -- see above
const changeRoots = (client: Client): Promise<void> => client.sendRootsListChanged();

/** A client of the legacy era that answers with these roots, or not at all. */
async function connectWithRoots(
  answer: (() => readonly string[]) | undefined,
): Promise<Client & { asked: () => number }> {
  const [clientSide, transport] = InMemoryTransport.createLinkedPair();
  serveMcpStdio({ version: '1', transport, contextStore: memoryContextStore(), localProjects });
  const client = new Client(
    { name: 'c', version: '1' },
    { versionNegotiation: { mode: 'legacy' }, capabilities: { roots: { listChanged: true } } },
  );
  let asked = 0;
  client.setRequestHandler('roots/list', async () => {
    asked += 1;
    if (answer === undefined) await delay(60_000, undefined, { ref: false });
    return { roots: (answer?.() ?? []).map((folder) => ({ uri: `file://${folder}` })) };
  });
  await client.connect(clientSide);
  return Object.assign(client, { asked: () => asked });
}

describe('the project of a client on stdio', () => {
  it.each(['legacy', 'modern'] as const)(
    'is that of the first folder of the process that has one, %s era',
    async (era) => {
      const client = await connectStdio({ contextStore: memoryContextStore(), localProjects }, era);
      expect(await projectOf(client)).toBe('project-here');
      await client.close();
    },
  );

  it('is that of the first of its roots that gives one; it is asked once', async () => {
    const client = await connectWithRoots(() => ['/no/project', '/r/project-of%20root', '/r/project-b']);
    expect(await projectOf(client)).toBe('project-of');
    expect(await projectOf(client)).toBe('project-of');
    expect(client.asked()).toBe(1);
    await client.close();
  });

  it('follows its roots when they change', async () => {
    const roots = ['/r/project-first'];
    const client = await connectWithRoots(() => roots);
    expect(await projectOf(client)).toBe('project-first');
    roots[0] = '/r/project-second';
    await changeRoots(client);
    await expect.poll(() => projectOf(client)).toBe('project-second');
    roots.length = 0;
    await changeRoots(client);
    await expect.poll(() => projectOf(client)).toBe('project-here');
    await client.close();
  });

  it('is not waited for if the client never answers, nor by calls that do not depend on it', async () => {
    const client = await connectWithRoots(undefined);
    const before = performance.now();
    const { isError } = await call(client, 'getContext', { sessionKey: 'none' });
    expect(isError).toBe(true);
    expect(await projectOf(client)).toBe('project-here');
    expect(performance.now() - before).toBeLessThan(5000);
    expect(client.asked()).toBe(1);
    await client.close();
  });

  it('is what its metadata says, before its roots', async () => {
    const client = await connectWithRoots(() => ['/r/project-root']);
    const workspaces = (told: unknown) => ({ 'x-codex-turn-metadata': { workspaces: told } });
    expect(await projectOf(client, workspaces({ '/w/project-workspace': {} }))).toBe('project-workspace');
    const remotes = { associated_remote_urls: { origin: 'https://h/o/r.git' } };
    expect(await projectOf(client, workspaces({ '/w/project-workspace': remotes }))).toBe('h/o/r');
    expect(await projectOf(client, workspaces('malformed'))).toBe('project-root');
    await client.close();
  });

  it.each([
    ['named', 'named'],
    ['none', undefined],
  ])('is not looked for if it is set to %s', async (project, expected) => {
    const contextStore = memoryContextStore();
    const client = await connectStdio({ contextStore, localProjects, caller: () => ({ project }) }, 'legacy');
    expect(await projectOf(client)).toBe(expected);
    const meta = { 'x-codex-turn-metadata': { workspaces: { '/w/project-told': {} } } };
    expect(await projectOf(client, meta)).toBe(project === 'none' ? undefined : 'project-told');
    await client.close();
  });
});
