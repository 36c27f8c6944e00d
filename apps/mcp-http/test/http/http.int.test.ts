import { request } from 'node:http';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { clientKinds, connect, HttpServerProcess, post } from '../support/mcp-http.js';

let server: HttpServerProcess;
beforeAll(async () => {
  server = await HttpServerProcess.start({
    DATABASE_URL: 'sqlite::memory:',
    ALLOWED_HOSTS: 'store.example',
    ALLOWED_ORIGINS: 'https://app.example',
  });
});
afterAll(() => server.stop());

const listTools = { jsonrpc: '2.0', id: 1, method: 'tools/list' };

/** `fetch` does not allow to set Host. */
async function statusFor(headers: Record<string, string>, path = '/mcp'): Promise<number | undefined> {
  return (await answerFor(headers, path)).status;
}

interface Answer {
  readonly status: number | undefined;
  readonly text: string;
}

const answerFor = (headers: Record<string, string>, path: string): Promise<Answer> =>
  sendWith(
    { 'content-type': 'application/json', accept: 'application/json, text/event-stream', ...headers },
    listTools,
    path,
  );

/** Sends exactly these headers. */
function sendWith(headers: Record<string, string>, message: unknown, path = '/mcp'): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const sent = request(`${server.url}${path}`, { method: 'POST', headers }, (response) => {
      let text = '';
      response.setEncoding('utf8').on('data', (chunk: string) => (text += chunk));
      response.on('end', () => resolve({ status: response.statusCode, text }));
    });
    sent.on('error', reject).end(JSON.stringify(message));
  });
}

describe('routes', () => {
  it('answer /health and /ready', async () => {
    const [health, ready] = [await fetch(`${server.url}/health`), await fetch(`${server.url}/ready`)];
    expect([health.status, await health.json()]).toEqual([200, { status: 'ok' }]);
    expect([ready.status, await ready.json()]).toEqual([200, { status: 'ready' }]);
  });

  it('serve MCP at /mcp and below', async () => {
    expect((await post(server.mcp, listTools)).status).toBe(200);
    expect((await post(`${server.mcp}/team`, listTools)).status).toBe(200);
  });

  it('only accept POST for MCP', async () => {
    const response = await fetch(server.mcp);
    expect([response.status, response.headers.get('allow')]).toEqual([405, 'POST']);
  });

  it('answer unknown paths with a list of those that exist', async () => {
    const response = await fetch(`${server.url}/metrics`);
    expect(response.status).toBe(404);
    expect(await response.json()).toMatchObject({ error: expect.stringContaining('POST /mcp') as string });
  });
});

describe('a body that is no JSON-RPC request', () => {
  it.each([
    ['broken JSON', '{"jsonrpc":', 400, -32_700, 'Parse error'],
    ['an empty body', '', 400, -32_700, 'Parse error'],
    ['a batch', [listTools], 400, -32_600, 'batches'],
    ['a number', 7, 400, -32_600, 'JSON object'],
    ['another object', { hello: 'world' }, 400, -32_600, 'jsonrpc'],
    ['a body beyond all limits', 'a'.repeat(8 * 1024 * 1024), 413, -32_000, 'limit'],
  ])('%s is refused in JSON, and the server keeps serving', async (_case, body, status, code, named) => {
    const response = await post(server.mcp, body);
    expect(response.status).toBe(status);
    expect(await response.json()).toMatchObject({
      jsonrpc: '2.0',
      id: null,
      error: { code, message: expect.stringContaining(named) as string },
    });
    expect((await post(server.mcp, listTools)).status).toBe(200);
  });

  it('a body that is too large, without Content-Length', async () => {
    const body = new Blob(['a'.repeat(8 * 1024 * 1024)]).stream();
    const headers = { 'content-type': 'application/json', accept: 'application/json, text/event-stream' };
    const response = await fetch(server.mcp, { method: 'POST', headers, body, duplex: 'half' });
    expect(response.status).toBe(413);
  });

  it('another content type', async () => {
    const response = await post(server.mcp, listTools, { 'content-type': 'text/plain' });
    expect(response.status).toBe(415);
    expect(await response.json()).toMatchObject({
      error: { message: expect.stringContaining('application/json') as string },
    });
  });

  it('a compressed body', async () => {
    const response = await post(server.mcp, listTools, { 'content-encoding': 'gzip' });
    expect([response.status, await response.text()]).toEqual([415, expect.stringContaining('uncompressed')]);
  });

  it('text that is not UTF-8', async () => {
    const headers = { 'content-type': 'application/json', accept: 'application/json, text/event-stream' };
    const body = Buffer.from(JSON.stringify({ ...listTools, id: 'ä' }), 'latin1');
    const response = await fetch(server.mcp, { method: 'POST', headers, body });
    expect(response.status).toBe(400);
    expect(await response.json()).toMatchObject({ error: { code: -32_700 } });
  });

  it('an upload that breaks off, which is not logged', async () => {
    await new Promise<void>((resolve) => {
      const headers = { 'content-type': 'application/json', 'content-length': '1000' };
      const sent = request(server.mcp, { method: 'POST', headers });
      sent.on('error', () => resolve());
      sent.write('{"jsonrpc":', () => sent.destroy());
      sent.on('close', () => resolve());
    });
    expect((await post(server.mcp, listTools)).status).toBe(200);
    expect(server.output.stderr).toBe('');
  });
});

describe('the headers of a request', () => {
  const _meta = {
    'io.modelcontextprotocol/protocolVersion': '2026-07-28',
    'io.modelcontextprotocol/clientInfo': { name: 'client', version: '1' },
    'io.modelcontextprotocol/clientCapabilities': {},
  };
  const listSessions = (meta?: object) => ({
    jsonrpc: '2.0',
    id: 1,
    method: 'tools/call',
    params: { name: 'listSessions', arguments: {}, ...(meta && { _meta: meta }) },
  });
  const modern = { 'mcp-protocol-version': '2026-07-28', 'mcp-method': 'tools/call', 'mcp-name': 'listSessions' };

  it.each(['*/*', 'application/*, text/*;q=0.5', 'APPLICATION/JSON, Text/Event-Stream', '', undefined])(
    'may accept what may come in either era by ranges, in any letter case, or not at all: %j',
    async (accept) => {
      for (const [message, headers] of [
        [listSessions(), {}],
        [listSessions(_meta), modern],
        [listTools, {}],
      ] as const) {
        const given = {
          'content-type': 'Application/JSON; Charset=UTF-8',
          ...headers,
          ...(accept !== undefined && { accept }),
        };
        expect(await sendWith(given, message)).toMatchObject({ status: 200 });
      }
    },
  );

  it.each(['application/jsonx', 'text/json', 'application/json-seq', 'application', ''])(
    'must not give the body another type than JSON: %j',
    async (contentType) => {
      expect(await sendWith({ 'content-type': contentType }, listTools)).toMatchObject({ status: 415 });
    },
  );

  it.each(['application/json', 'text/event-stream', 'text/html', 'application/jsonx, text/event-stream', '*/*;q=0'])(
    'must accept what may come in either era; %j answers 406',
    async (accept) => {
      for (const response of [
        await post(server.mcp, listSessions(), { accept }),
        await post(server.mcp, listSessions(_meta), { ...modern, accept }),
      ]) {
        expect(response.status).toBe(406);
        expect(await response.json()).toMatchObject({
          error: { message: expect.stringContaining('Accept: application/json, text/event-stream') as string },
        });
      }
    },
  );

  it.each([
    ['another method', { 'mcp-method': 'tools/list' }, -32_020],
    ['another tool', { 'mcp-name': 'updateContext' }, -32_020],
    ['another version', { 'mcp-protocol-version': '2025-11-25' }, -32_020],
  ])('that name %s than the body are refused', async (_case, headers, code) => {
    expect((await post(server.mcp, listSessions(_meta), modern)).status).toBe(200);
    const response = await post(server.mcp, listSessions(_meta), { ...modern, ...headers });
    expect([response.status, await response.json()]).toMatchObject([400, { id: 1, error: { code } }]);
  });

  it.each(Object.keys(modern))('must have %s when the body is of 2026-07-28', async (missing) => {
    const { [missing as keyof typeof modern]: _, ...headers } = modern;
    const response = await post(server.mcp, listSessions(_meta), headers);
    expect([response.status, await response.json()]).toMatchObject([400, { error: { code: -32_020 } }]);
  });

  it('must not name an unknown protocol version', async () => {
    const response = await post(server.mcp, listSessions(), { 'mcp-protocol-version': '1999-01-01' });
    expect([response.status, await response.text()]).toEqual([400, expect.stringContaining('2025-11-25')]);
  });
});

it.each(['/mcp', '/health', '/nothing'])('answers %s so that a browser neither keeps nor shows it', async (path) => {
  for (const response of [await fetch(server.url + path), await post(server.url + path, listTools)]) {
    expect(Object.fromEntries(response.headers)).toMatchObject({
      'x-content-type-options': 'nosniff',
      'content-security-policy': expect.stringContaining("default-src 'none'") as string,
      'cache-control': expect.stringMatching(/no-(store|cache)/) as string,
    });
    expect(response.headers.has('x-powered-by')).toBe(false);
  }
});

describe('web pages', () => {
  const preflight = (origin: string): Promise<Response> =>
    fetch(server.mcp, {
      method: 'OPTIONS',
      headers: { origin, 'access-control-request-method': 'POST', 'access-control-request-headers': 'mcp-method' },
    });

  it('of an allowed origin may call, and read the answer', async () => {
    const { status, headers } = await preflight('https://app.example');
    expect([status, headers.get('access-control-allow-origin')]).toEqual([204, 'https://app.example']);
    const allowed = headers.get('access-control-allow-headers')?.toLowerCase().split(',');
    const sent = ['authorization', 'content-type', 'context-agent', 'context-project', 'mcp-method', 'mcp-name'];
    expect(allowed).toEqual(expect.arrayContaining(sent));
    const answer = await post(server.mcp, listTools, { origin: 'https://app.example' });
    expect([answer.status, answer.headers.get('access-control-allow-origin')]).toEqual([200, 'https://app.example']);
    expect(answer.headers.get('access-control-expose-headers')).toContain('WWW-Authenticate');
    expect(answer.headers.get('access-control-allow-credentials')).toBeNull();
    expect(await answer.text()).toContain('"tools"');
  });

  it.each(['http://localhost:5173', 'http://app.example', 'https://app.example:8080', 'https://evil.example'])(
    'of %s may not',
    async (origin) => {
      for (const response of [await preflight(origin), await post(server.mcp, listTools, { origin })]) {
        expect(response.headers.get('access-control-allow-origin')).toBeNull();
      }
    },
  );
});

describe('Host and Origin', () => {
  it.each([
    [{ host: 'store.example' }, 200],
    [{ host: 'STORE.example:8443' }, 200],
    [{ host: 'localhost' }, 200],
    [{ host: 'evil.example' }, 403],
    [{ host: 'localhost.evil.example' }, 403],
    [{ origin: 'https://app.example' }, 200],
    [{ origin: 'http://localhost:5173' }, 200],
    [{ origin: 'http://app.example' }, 403],
    [{ origin: 'https://app.example:8080' }, 403],
    [{ origin: 'https://evil.example' }, 403],
    [{ origin: 'null' }, 403],
  ])('%o answers %i', async (headers, status) => {
    expect(await statusFor(headers)).toBe(status);
    expect(await statusFor(headers, '/mcp/below')).toBe(status);
  });

  it.each(['text/html', 'a/b', 'local?host', 'aaa@127.1', 'aa@127.1\\', '0.#!!!!', '0.?!!!!', '0./!!!!'])(
    'are refused in JSON when Host names nothing: %s',
    async (host) => {
      const { status, text } = await answerFor({ host }, '/mcp');
      expect(status).toBe(400);
      expect(JSON.parse(text)).toMatchObject({
        jsonrpc: '2.0',
        error: { code: -32_600, message: 'Invalid request: Invalid host header.' },
        id: null,
      });
    },
  );

  it('are refused with a message that names the setting', async () => {
    const response = await post(server.mcp, listTools, { origin: 'https://evil.example' });
    expect(await response.json()).toMatchObject({
      error: { message: expect.stringContaining('ALLOWED_ORIGINS') as string },
    });
  });
});

it('serves a client that negotiates the protocol version', async () => {
  const client = await connect('v2 client, modern', 'negotiator', server.mcp);
  expect(client.getServerVersion()).toMatchObject({ name: 'context-store' });
  await client.close();
});

it.each(clientKinds)('knows the agent by the name of its client: %s', async (kind) => {
  const client = await connect(kind, 'Some Client', server.mcp);
  const { structuredContent } = (await client.callTool({ name: 'registerSession', arguments: {} })) as {
    structuredContent: unknown;
  };
  expect(structuredContent).toMatchObject({ session: { owner: 'some-client' } });
  await client.close();
});
