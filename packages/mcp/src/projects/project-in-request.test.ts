import { setTimeout as delay } from 'node:timers/promises';
import { Client, StreamableHTTPClientTransport } from '@modelcontextprotocol/client';
import { describe, expect, it } from 'vitest';
import { eras, memoryContextStore, type Era } from '../../test/connect.js';
import { messageOf } from '../../test/message-of.js';
import { createMcpHttpHandler } from '../http/create-mcp-http-handler.js';
import { projectInRequest } from './project-in-request.js';

const requestTo = (query: string, header?: string): Request =>
  new Request(`http://localhost/mcp${query}`, { headers: header === undefined ? {} : { 'Context-Project': header } });

it.each([
  ['', undefined, undefined],
  ['', 'github.com/owner/repo', 'github.com/owner/repo'],
  ['?project=github.com/owner/repo', undefined, 'github.com/owner/repo'],
  ['?a=1&project=github.com%2Fowner%2Frepo&b=2', undefined, 'github.com/owner/repo'],
  ['?project=query', 'header', 'header'],
  ['?project=query', ' ', 'query'],
  ['?project=', '', undefined],
  ['?subproject=x', undefined, undefined],
  ['?project=a&project=b', undefined, 'a'],
  ['?project=%FF%', undefined, '\ufffd%'],
])('of a request to %j with the header %j is %j', (query, header, project) => {
  expect(projectInRequest(requestTo(query, header))).toBe(project);
});

interface Target {
  readonly query?: string;
  readonly headers?: Record<string, string>;
}

/** A handler, and clients of it. */
function serve(configured?: string) {
  const contextStore = memoryContextStore({ project: configured });
  const handler = createMcpHttpHandler({ contextStore, version: '1' });
  const connect = async (era: Era, { query = '', headers = {} }: Target): Promise<Client> => {
    const transport = new StreamableHTTPClientTransport(new URL(`http://localhost/mcp${query}`), {
      requestInit: { headers },
      fetch: async (url, init) => {
        const request = new Request(url, init);
        const message = request.method === 'POST' ? messageOf(await request.clone().json()) : undefined;
        return handler.fetch(request, { message });
      },
    });
    const mode = era === 'modern' ? { pin: '2026-07-28' } : 'legacy';
    const client = new Client({ name: 'client', version: '1' }, { versionNegotiation: { mode } });
    await client.connect(transport);
    return client;
  };
  return { contextStore, connect };
}

const projectOf = async (client: Client, meta?: Record<string, unknown>): Promise<unknown> => {
  const { structuredContent } = await client.callTool({
    name: 'registerSession',
    arguments: { agent: 'a' },
    ...(meta && { _meta: meta }),
  });
  return (structuredContent as { session: { project?: string } }).session.project;
};

const told = (origin: string) => ({
  'x-codex-turn-metadata': { workspaces: { '/w': { associated_remote_urls: { origin } } } },
});

describe.each(eras)('a client over HTTP, %s era', (era) => {
  it('names its project by a header, by the URL or in the metadata of a call', async () => {
    const { connect } = serve('configured');
    expect(await projectOf(await connect(era, { headers: { 'Context-Project': 'h' } }))).toBe('h');
    const byUrl = await connect(era, { query: '?project=q' });
    expect(await projectOf(byUrl)).toBe('q');
    expect(await projectOf(byUrl, told('https://host/o/r'))).toBe('host/o/r');
    // A call that asks for progress takes the way through the SDK.
    expect(await projectOf(byUrl, { ...told('https://host/o/r'), progressToken: 1 })).toBe('host/o/r');
    expect(await projectOf(byUrl, { progressToken: 2 })).toBe('q');
    expect(await projectOf(await connect(era, {}))).toBe('configured');
    const none = await connect(era, { query: '?project=none' });
    expect(await projectOf(none)).toBeUndefined();
    expect(await projectOf(none, told('https://host/o/r'))).toBeUndefined();
  });

  it('sees what belongs to its project and to none, in lists, resources and waits', async () => {
    const { contextStore, connect } = serve();
    for (const project of ['ours', 'theirs', 'none']) {
      const sessionKey = `of-${project}`;
      await contextStore.registerSession({ sessionKey, project, agent: 'a' });
      await contextStore.requestHandoff({ sessionKey, requestType: 'context_transfer', agent: 'a' });
    }
    const client = await connect(era, { headers: { 'context-project': 'ours' } });
    const list = async (args: Record<string, unknown> = {}): Promise<string> =>
      JSON.stringify(await client.callTool({ name: 'listHandoffs', arguments: { agent: 'b', ...args } }));
    for (const shown of [
      await list(),
      await list({ waitSeconds: 0 }),
      await list({ waitSeconds: 1 }),
      JSON.stringify(await client.readResource({ uri: 'handoff://inbox/b' })),
      JSON.stringify(await client.readResource({ uri: 'handoff://sessions' })),
      JSON.stringify(await client.listResources()),
    ]) {
      expect(shown).toContain('of-ours');
      expect(shown).toContain('of-none');
      expect(shown).not.toContain('of-theirs');
    }
    expect(await list({ project: '*' })).toContain('of-theirs');
  });

  it('gets a typed error for a malformed project, which does not repeat it', async () => {
    const { connect } = serve();
    const client = await connect(era, { query: `?project=${encodeURIComponent('https://u:s3cret@h/o/r')}` });
    for (const name of ['listHandoffs', 'registerSession', 'getContext']) {
      const answer = await client.callTool({
        name,
        arguments: { agent: 'a', ...(name === 'getContext' && { sessionKey: 's' }) },
      });
      expect(answer).toMatchObject({ isError: true, structuredContent: { code: 'VALIDATION_ERROR' } });
      expect(JSON.stringify(answer)).toMatch(/Context-Project.*owner\/repo|owner\/repo.*Context-Project/);
      expect(JSON.stringify(answer)).not.toContain('s3cret');
    }
    await expect(client.readResource({ uri: 'handoff://sessions' })).rejects.toMatchObject({ code: -32_602 });
  });
});

it('refuses a subscription of a client whose project is malformed', async () => {
  const { connect } = serve();
  const client = await connect('modern', { headers: { 'Context-Project': 'a b' } });
  const listening = client.listen({ resourceSubscriptions: ['handoff://sessions'] });
  await expect(Promise.race([listening, delay(5000)])).rejects.toMatchObject({
    message: expect.stringContaining('project') as string,
  });
});
