import { request } from 'node:http';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { connect, HttpServerProcess, post } from './mcp-http.js';

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

/** `fetch` does not let a caller set Host. */
function statusFor(headers: Record<string, string>, path = '/mcp'): Promise<number | undefined> {
  return new Promise((resolve, reject) => {
    const all = { 'content-type': 'application/json', accept: 'application/json, text/event-stream', ...headers };
    const sent = request(`${server.url}${path}`, { method: 'POST', headers: all }, (response) => {
      response.resume().on('end', () => resolve(response.statusCode));
    });
    sent.on('error', reject).end(JSON.stringify(listTools));
  });
}

describe('routes', () => {
  it('are alive and ready', async () => {
    const [health, ready] = [await fetch(`${server.url}/health`), await fetch(`${server.url}/ready`)];
    expect([health.status, await health.json()]).toEqual([200, { status: 'ok' }]);
    expect([ready.status, await ready.json()]).toEqual([200, { status: 'ready' }]);
  });

  it('serve MCP at /mcp and below', async () => {
    expect((await post(server.mcp, listTools)).status).toBe(200);
    expect((await post(`${server.mcp}/team`, listTools)).status).toBe(200);
  });

  it('take POST alone for MCP', async () => {
    const response = await fetch(server.mcp);
    expect([response.status, response.headers.get('allow')]).toEqual([405, 'POST']);
  });

  it('say what exists, elsewhere', async () => {
    const response = await fetch(`${server.url}/metrics`);
    expect(response.status).toBe(404);
    expect(await response.json()).toMatchObject({ error: expect.stringContaining('POST /mcp') as string });
  });
});

describe('what is no JSON-RPC request', () => {
  it.each([
    ['broken JSON', '{"jsonrpc":', 400, -32_700, 'Parse error'],
    ['an empty body', '', 400, -32_700, 'Parse error'],
    ['a batch', [listTools], 400, -32_600, 'batches'],
    ['a number', 7, 400, -32_600, 'JSON object'],
    ['another object', { hello: 'world' }, 400, -32_600, 'JSON-RPC'],
    ['a body beyond all limits', 'a'.repeat(8 * 1024 * 1024), 413, -32_000, 'limit'],
  ])('%s is refused in JSON, and the server lives on', async (_case, body, status, code, named) => {
    const response = await post(server.mcp, body);
    expect(response.status).toBe(status);
    expect(await response.json()).toMatchObject({
      jsonrpc: '2.0',
      id: null,
      error: { code, message: expect.stringContaining(named) as string },
    });
    expect((await post(server.mcp, listTools)).status).toBe(200);
  });

  it('a body beyond all limits that does not say its length', async () => {
    const body = new Blob(['a'.repeat(8 * 1024 * 1024)]).stream();
    const headers = { 'content-type': 'application/json' };
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

  it('an upload that breaks off', async () => {
    await new Promise<void>((resolve) => {
      const headers = { 'content-type': 'application/json', 'content-length': '1000' };
      const sent = request(server.mcp, { method: 'POST', headers });
      sent.on('error', () => resolve());
      sent.write('{"jsonrpc":', () => sent.destroy());
      sent.on('close', () => resolve());
    });
    expect((await post(server.mcp, listTools)).status).toBe(200);
  });
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
    [{ origin: 'https://evil.example' }, 403],
    [{ origin: 'null' }, 403],
  ])('%o answers %i', async (headers, status) => {
    expect(await statusFor(headers)).toBe(status);
    expect(await statusFor(headers, '/mcp/below')).toBe(status);
  });

  it('are explained when they are refused', async () => {
    const response = await post(server.mcp, listTools, { origin: 'https://evil.example' });
    expect(await response.json()).toMatchObject({
      error: { message: expect.stringContaining('ALLOWED_ORIGINS') as string },
    });
  });
});

it('is found by a client that negotiates', async () => {
  const client = await connect('v2 client, modern', 'negotiator', server.mcp);
  expect(client.getServerVersion()).toMatchObject({ name: 'context-store' });
  await client.close();
});
