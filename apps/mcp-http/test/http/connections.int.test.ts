import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { unusedPort } from '@org/store-kysely/testing';
import { scrape } from '@org/telemetry-otel/testing';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { HttpServerProcess, post } from '../support/mcp-http.js';
import { rawRequest } from './raw-request.js';

let server: HttpServerProcess;
let metrics: { readonly url: string; readonly env: { readonly METRICS_PORT: string } };
let sockets: Socket[];
beforeEach(async () => {
  sockets = [];
  const port = await unusedPort();
  metrics = { url: `http://127.0.0.1:${port}/metrics`, env: { METRICS_PORT: `${port}` } };
});
afterEach(async () => {
  for (const socket of sockets) socket.destroy();
  await server.stop();
});

/** Opens connections that send a text and then nothing more. */
async function open(count: number, text: string): Promise<Socket[]> {
  const { hostname, port } = new URL(server.url);
  const opened = Array.from({ length: count }, () => connect(Number(port), hostname));
  for (const socket of opened) {
    socket.on('error', () => undefined).resume();
    if (text !== '') socket.write(text);
  }
  sockets.push(...opened);
  await Promise.all(opened.map((socket) => once(socket, 'connect')));
  return opened;
}

const callOf = (name: string, args: object) => ({
  jsonrpc: '2.0',
  id: 1,
  method: 'tools/call',
  params: { name, arguments: { agent: 'planner', ...args } },
});
const headersOf = (contentLength: number): string =>
  [
    'POST /mcp HTTP/1.1',
    'Host: localhost',
    'Content-Type: application/json',
    'Accept: application/json, text/event-stream',
    `Content-Length: ${contentLength}\r\n\r\n`,
  ].join('\r\n');

const silent = '';
const kept = 'GET /health HTTP/1.1\r\nHost: localhost\r\n\r\n';
const unfinished = headersOf(100);
const wait = JSON.stringify(callOf('listHandoffs', { waitSeconds: 45 }));
const waiting = headersOf(wait.length) + wait;

const callListSessions = (): Promise<Response> => post(server.mcp, callOf('listSessions', {}), { connection: 'close' });
const listSessions = async (): Promise<string> => (await callListSessions()).text();
const gauge = async (name: string, state: string): Promise<number | undefined> =>
  (await scrape(metrics.url)).value(name, { state });

describe('500 connections for 400 open files', () => {
  it.each([
    ['that send nothing', silent],
    ['that are kept after an answer', kept],
    ['whose calls wait for an offer', waiting],
  ])('%s keep no other client out', async (_kind, text) => {
    server = await HttpServerProcess.startWithin(400, { DATABASE_URL: 'sqlite::memory:', ...metrics.env });
    for (let round = 0; round < 10; round += 1) {
      await open(50, text);
      // Refusals that are delayed for a second take connections as well.
      await expect.poll(listSessions).toContain('"sessions":[]');
      expect((await fetch(`${server.url}/ready`, { headers: { connection: 'close' } })).status).toBe(200);
    }
    const { value } = await scrape(metrics.url);
    const states = ['idle', 'busy'].map((state) => value('http_connections_open', { state }) ?? 0);
    expect(states.reduce((one, other) => one + other)).toBeLessThan(400);
    expect(value('http_connections_shed_total', { reason: 'idle' })).toBeGreaterThan(100);
    expect(server.log.filter(({ msg }) => /^All \d+ connections are taken/.test(msg))).toHaveLength(1);
  });
});

describe('beyond MAX_CONNECTIONS', () => {
  const MAX_CONNECTIONS = '8';
  beforeEach(async () => {
    server = await HttpServerProcess.start({ DATABASE_URL: 'sqlite::memory:', MAX_CONNECTIONS, ...metrics.env });
  });

  it('a new connection closes the one that has been idle for longest', async () => {
    const [first, second, ...others] = (await open(8, kept)) as [Socket, Socket, ...Socket[]];
    await expect.poll(() => gauge('http_connections_open', 'idle')).toBe(8);
    first.write(kept);
    await once(first, 'data');
    await open(1, silent);
    await once(second, 'close');
    expect([first, ...others].map(({ destroyed }) => destroyed)).not.toContain(true);
  });

  it('probes are answered while all connections have a request under way, and calls are refused with a message', async () => {
    await open(8, unfinished);
    await expect.poll(() => gauge('http_connections_open', 'busy')).toBe(8);
    expect(await rawRequest(server.url, 'GET /ready HTTP/1.0\r\n\r\n')).toMatch(/^HTTP\/1.1 200 /);
    const refused = await callListSessions();
    expect([refused.status, refused.headers.get('retry-after')]).toEqual([503, '1']);
    expect(await refused.text()).toContain('no connection to spare');
    const { value } = await scrape(metrics.url);
    expect(value('http_requests_refused_total', { status: '503', reason: 'no_connection' })).toBe(1);
    for (const socket of sockets) socket.destroy();
    await expect.poll(listSessions).toContain('"sessions":[]');
  });

  it('half of them stay free for calls that do not wait', async () => {
    await open(8, waiting);
    // One caller may take three quarters of the other half.
    await expect.poll(() => gauge('http_requests_open', 'waiting')).toBe(3);
    await expect.poll(listSessions).toContain('"sessions":[]');
  });
});
