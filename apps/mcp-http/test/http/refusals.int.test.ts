import { once } from 'node:events';
import { request as httpRequest } from 'node:http';
import { join } from 'node:path';
import { unusedPort } from '@org/store-kysely/testing';
import { scrape } from '@org/telemetry-otel/testing';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { createApiKey } from '@org/api-keys';
import { connect, HttpServerProcess, post, temporaryFolder, type Env } from '../support/mcp-http.js';

let folder: Awaited<ReturnType<typeof temporaryFolder>>;
let server: HttpServerProcess;
let metrics: string;
beforeEach(async () => {
  folder = await temporaryFolder();
});
afterEach(async () => {
  await server.stop();
  await folder.remove();
});

async function start(env: Env): Promise<void> {
  const port = await unusedPort();
  metrics = `http://127.0.0.1:${port}/metrics`;
  server = await HttpServerProcess.start({ DATABASE_URL: 'sqlite::memory:', METRICS_PORT: `${port}`, ...env });
}

async function refusals(): Promise<Record<string, number>> {
  const { samples } = await scrape(metrics);
  const counted = samples.filter(({ name }) => name === 'http_requests_refused_total');
  return Object.fromEntries(counted.map(({ labels, value }) => [`${labels['status']} ${labels['reason']}`, value]));
}

/** Returns how many requests are open: served, queued, waiting and listening. */
async function open(): Promise<(number | undefined)[]> {
  const { value } = await scrape(metrics);
  return ['served', 'queued', 'waiting', 'listening'].map((state) => value('http_requests_open', { state }));
}

const message = (method: string, params: object = {}) => ({ jsonrpc: '2.0', id: 1, method, params });
const callOf = (name: string, args: object) => message('tools/call', { name, arguments: args });

it('are counted by status and reason, wherever a request is refused', async () => {
  const API_KEYS_FILE = join(folder.path, 'keys.jsonl');
  const reader = { id: 'reader', namespace: 'default', scopes: ['context:read'] };
  const { key } = await createApiKey(API_KEYS_FILE, reader);
  const authorization = `Bearer ${key}`;
  await start({ API_KEYS_FILE, MAX_CONTENT_BYTES: '1000' });
  const tools = message('tools/list');
  const statusOf = async (body: unknown, headers: Record<string, string> = {}): Promise<number> => {
    const response = await post(server.mcp, body, { authorization, ...headers });
    await response.text();
    return response.status;
  };
  const ofHost = (host: string): Promise<number | undefined> =>
    new Promise((resolve, reject) =>
      httpRequest(server.mcp, { method: 'POST', headers: { host } }, ({ statusCode }) => resolve(statusCode))
        .on('error', reject)
        .end(),
    );

  const headers = { authorization, accept: 'application/json, text/event-stream', 'content-type': 'application/json' };
  const leaving = httpRequest(server.mcp, {
    method: 'POST',
    headers: { ...headers, 'content-length': 100, expect: '100-continue' },
  }).on('error', () => undefined);
  leaving.flushHeaders();
  await once(leaving, 'continue');
  leaving.destroy();

  expect(await ofHost('evil.example')).toBe(403);
  expect(await ofHost('local?host')).toBe(400);
  expect(await statusOf(tools, { origin: 'https://evil.example' })).toBe(403);
  expect((await post(server.mcp, tools)).status).toBe(401);
  expect(await statusOf(tools, { authorization: 'Bearer csk_reader.x' })).toBe(401);
  expect(await statusOf(callOf('registerSession', { agent: 'a' }))).toBe(403);
  expect(await statusOf(tools, { accept: 'text/html' })).toBe(406);
  expect(await statusOf(tools, { 'content-type': 'text/plain' })).toBe(415);
  expect(await statusOf('x'.repeat(2_000_000))).toBe(413);
  expect(await statusOf('not JSON')).toBe(400);
  expect(await statusOf([tools])).toBe(400);
  expect(await statusOf(tools, { 'mcp-protocol-version': 'never' })).toBe(400);
  // None of these counts as refused: a client that left during its request, a served call, a call that fails in its tool, a GET for a stream, and a request that is not for MCP.
  expect(await statusOf(tools)).toBe(200);
  expect(await statusOf(callOf('getContext', { sessionKey: 'none' }))).toBe(200);
  expect((await fetch(server.mcp, { headers: { authorization } })).status).toBe(405);
  expect((await fetch(`${server.url}/nothing`)).status).toBe(404);

  expect(await refusals()).toEqual({
    '400 malformed': 3,
    '400 protocol': 1,
    '401 bad_credential': 1,
    '401 no_credential': 1,
    '403 host': 1,
    '403 origin': 1,
    '403 scope': 1,
    '406 not_acceptable': 1,
    '413 too_large': 1,
    '415 media_type': 1,
  });
});

it('of tool calls are counted as errors of the tool, and of other messages as refused requests', async () => {
  await start({ RATE_LIMIT_PER_SECOND: '1', MAX_WAITING_CALLS: '0' });
  const wait = callOf('listHandoffs', { agent: 'a', waitSeconds: 1 });
  expect((await post(server.mcp, wait)).status).toBe(200);
  // An unknown tool name may be any text of a caller, so it must not become a label.
  expect(await (await post(server.mcp, callOf('secret-tool', {}))).text()).toContain('"error"');
  for (let sent = 2; sent < 10; sent += 1) await post(server.mcp, message('tools/list'));
  const late = await Promise.all([
    post(server.mcp, message('tools/list')),
    post(server.mcp, callOf('listSessions', {})),
    post(server.mcp, callOf('secret-tool', {})),
  ]);
  expect(late.map(({ status }) => status)).toEqual([429, 200, 200]);
  expect(await refusals()).toEqual({ '429 rate_limited': 1 });
  const { samples } = await scrape(metrics);
  const errors = samples.filter(({ name }) => name === 'tool_errors_total');
  expect(errors.map(({ labels, value }) => [labels['tool'], labels['kind'], labels['code'], value])).toEqual([
    ['listHandoffs', 'fault', 'OVERLOADED', 1],
    ['listSessions', 'refused', 'RATE_LIMITED', 1],
  ]);
  expect(await (await fetch(metrics)).text()).not.toContain('secret');
});

it('are counted apart from open requests: waiting calls and subscription streams', async () => {
  await start({});
  expect(await open()).toEqual([0, 0, 0, 0]);
  const listener = await connect('v2 client, modern', 'listener', server.mcp);
  if (!('listen' in listener)) throw new TypeError('the modern client can listen');
  const subscription = await listener.listen({ resourceSubscriptions: ['handoff://sessions'] });
  const leaving = new AbortController();
  const waiting = listener
    .callTool({ name: 'listHandoffs', arguments: { agent: 'a', waitSeconds: 45 } }, { signal: leaving.signal })
    .catch(() => undefined);
  await expect.poll(open).toEqual([0, 0, 1, 1]);
  leaving.abort();
  await waiting;
  await expect.poll(open).toEqual([0, 0, 0, 1]);
  await subscription.close();
  await expect.poll(open).toEqual([0, 0, 0, 0]);
  await listener.close();
});
