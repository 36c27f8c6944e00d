import { request } from 'node:http';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createApp } from '../../src/app.js';
import { openHttpServer } from '../../src/http/http-server.js';
import { HttpServerProcess, post } from '../support/mcp-http.js';

let server: HttpServerProcess;
beforeAll(async () => {
  server = await HttpServerProcess.start({ DATABASE_URL: 'sqlite::memory:' });
});
afterAll(() => server.stop());

const listTools = { jsonrpc: '2.0', id: 1, method: 'tools/list' };
const uuid = /^[\da-f]{8}(-[\da-f]{4}){3}-[\da-f]{12}$/;

const answers: [string, number, (headers: Record<string, string>) => Promise<Response>][] = [
  ['an answer', 200, (headers) => post(server.mcp, listTools, headers)],
  ['a health check', 200, (headers) => fetch(`${server.url}/health`, { headers })],
  ['broken JSON', 400, (headers) => post(server.mcp, '{', headers)],
  ['no message', 400, (headers) => post(server.mcp, { hello: 'world' }, headers)],
  ['an unknown page', 403, (headers) => post(server.mcp, listTools, { ...headers, origin: 'https://evil.example' })],
  ['an unknown path', 404, (headers) => fetch(`${server.url}/nowhere`, { headers })],
  ['a GET', 405, (headers) => fetch(server.mcp, { headers })],
  ['a large body', 413, (headers) => post(server.mcp, 'a'.repeat(8 * 1024 * 1024), headers)],
  ['another type', 415, (headers) => post(server.mcp, listTools, { ...headers, 'content-type': 'text/plain' })],
];

describe('the id of a request', () => {
  it.each(answers)('is returned as it was sent: %s (%i)', async (_case, status, ask) => {
    const response = await ask({ 'x-request-id': 'from/the-proxy:1' });
    expect([response.status, response.headers.get('x-request-id')]).toEqual([status, 'from/the-proxy:1']);
  });

  it.each(answers)('is a new one where none was given: %s (%i)', async (_case, status, ask) => {
    const ids = [await ask({}), await ask({})].map((response) => {
      expect(response.status).toBe(status);
      return response.headers.get('x-request-id');
    });
    expect(ids).toEqual([expect.stringMatching(uuid), expect.stringMatching(uuid)]);
    expect(new Set(ids).size).toBe(2);
  });

  it.each(['two words', 'a'.repeat(129), 'ü', ''])('is not taken over as %j', async (given) => {
    expect(await headerFor({ 'x-request-id': given })).toMatch(uuid);
  });

  it('is not read from two headers', async () => {
    expect(await headerFor({ 'x-request-id': ['a', 'b'] })).toMatch(uuid);
  });

  it('is in the errors of tools and prompts, and in refusals', async () => {
    const headers = { 'x-request-id': 'r-1' };
    const call = { name: 'getContext', arguments: { sessionKey: 'none' } };
    const prompt = { name: 'resume', arguments: { sessionKey: 'none' } };
    const ask = async (method: string, params: object) =>
      (await post(server.mcp, { jsonrpc: '2.0', id: 1, method, params }, headers)).text();
    expect(await ask('tools/call', call)).toContain('"requestId":"r-1"');
    expect(await ask('prompts/get', prompt)).toContain('"requestId":"r-1"');
    expect(await (await post(server.mcp, '{', headers)).json()).toMatchObject({
      error: { data: { requestId: 'r-1' } },
    });
  });

  it('leads from a 500 to the reported error', async () => {
    const heard: unknown[] = [];
    const app = createApp({
      service: Promise.resolve({
        serveMessage: () => Promise.reject(new TypeError('a defect')),
        contextStore: { ping: () => Promise.resolve() },
      }),
      allowedHosts: ['127.0.0.1'],
      allowedOrigins: [],
      localOriginHosts: [],
      isStopping: () => false,
      onError: (...report) => heard.push(report),
    });
    const broken = await openHttpServer({ fetch: app.fetch, host: '127.0.0.1', port: 0 });
    const response = await post(`${broken.url}/mcp`, listTools);
    const requestId = response.headers.get('x-request-id');
    expect([response.status, await response.json()]).toEqual([500, expect.objectContaining({ requestId })]);
    expect(heard).toEqual([[new TypeError('a defect'), { requestId }]]);
    await broken.drain(0);
  });
});

/** `fetch` refuses to send a malformed header. */
function headerFor(headers: Record<string, string | string[]>): Promise<string> {
  return new Promise((resolve, reject) => {
    const sent = request(`${server.url}/health`, { headers }, (response) => {
      response.resume().on('end', () => resolve(String(response.headers['x-request-id'])));
    });
    sent.on('error', reject).end();
  });
}
