import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { clientKinds, connect, HttpServerProcess, post, type ClientKind } from '../support/mcp-http.js';

let server: HttpServerProcess;
beforeAll(async () => {
  server = await HttpServerProcess.start({ DATABASE_URL: 'sqlite::memory:', CONTEXT_PROJECT: 'of-the-server' });
});
afterAll(() => server.stop());

interface Work {
  readonly sessions?: readonly { readonly sessionKey: string }[];
  readonly handoffs?: readonly { readonly sessionKey: string }[];
  readonly session?: { readonly project?: string };
}

/** A client whose project is in a header, in the URL, or nowhere. */
async function open(kind: ClientKind, query: string, headers: Record<string, string> = {}) {
  const client = await connect(kind, 'agent', `${server.mcp}${query}`, headers);
  const call = async (name: string, args: Record<string, unknown> = {}): Promise<Work> =>
    (await client.callTool({ name, arguments: { agent: 'agent', ...args } })).structuredContent as Work;
  return {
    register: async (sessionKey: string) => (await call('registerSession', { sessionKey })).session?.project,
    offer: (sessionKey: string) => call('requestHandoff', { sessionKey, requestType: 'context_transfer' }),
    sessions: async (project?: string) =>
      (await call('listSessions', { project })).sessions?.map(({ sessionKey }) => sessionKey).toReversed(),
    offers: async (project?: string) =>
      (await call('listHandoffs', { project })).handoffs?.map(({ sessionKey }) => sessionKey),
    close: () => client.close(),
  };
}

describe.each(clientKinds)('projects over HTTP: %s', (kind) => {
  it('are named by a header or by the URL, and their work is shown to no other unless it asks for all', async () => {
    const own = kind.replaceAll(/[^a-z0-9]/g, '');
    const [header, url, fallback] = await Promise.all([
      open(kind, '', { 'Context-Project': `${own}/header` }),
      open(kind, `?project=${own}/url`),
      open(kind, ''),
    ]);
    const keys = [`${own}-1`, `${own}-2`, `${own}-3`] as const;
    expect(await header.register(keys[0])).toBe(`${own}/header`);
    expect(await url.register(keys[1])).toBe(`${own}/url`);
    expect(await fallback.register(keys[2])).toBe('of-the-server');
    for (const key of keys) await header.offer(key);
    for (const list of ['sessions', 'offers'] as const) {
      expect(await header[list]()).toEqual([keys[0]]);
      expect(await url[list]()).toEqual([keys[1]]);
      expect(await fallback[list]()).toContain(keys[2]);
      expect(await fallback[list]()).not.toContain(keys[0]);
      expect(await header[list]('*')).toEqual(expect.arrayContaining([...keys]));
      expect(await header[list](`${own}/url`)).toEqual([keys[1]]);
    }
    const none = await open(kind, '?project=none');
    expect(await none.sessions()).toEqual(expect.arrayContaining([...keys]));
    for (const client of [header, url, fallback, none]) await client.close();
  });
});

it('answers a malformed project with a typed error that says where to correct it', async () => {
  const message = { jsonrpc: '2.0', id: 1, method: 'tools/call', params: { name: 'listSessions', arguments: {} } };
  for (const [query, headers] of [
    ['', { 'Context-Project': 'https://user:s3cret@host/owner/repo' }],
    [`?project=${'x'.repeat(129)}`, {}],
  ] as const) {
    const response = await post(`${server.mcp}${query}`, message, headers);
    expect(response.status).toBe(200);
    const text = await response.text();
    expect(text).toMatch(/"isError":true/);
    expect(text).toMatch(/VALIDATION_ERROR.*Context-Project/);
    expect(text).not.toContain('s3cret');
  }
});
