import { Agent, request as httpRequest } from 'node:http';
import { text } from 'node:stream/consumers';
import { setTimeout as sleep } from 'node:timers/promises';
import { noTelemetry, openContextStore, type ContextStore } from '@org/context-store';
import { createMcpHttpHandler, type McpHttpHandler } from '@org/mcp';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { createApp } from '../src/app.js';
import { openHttpServer, type HttpServer } from '../src/http-server.js';
import { createMessageServer } from '../src/serve-message.js';

const [maxConcurrentCalls, maxQueuedCalls, maxWaitingCalls] = [8, 16, 8];
/** Much longer than the server works on one, as with a database elsewhere. */
const databaseMs = 100;

let contextStore: ContextStore;
let handler: McpHttpHandler;
let server: HttpServer;
beforeAll(async () => {
  contextStore = await openContextStore({ database: 'sqlite::memory:' });
  const remote: ContextStore = {
    ...contextStore,
    listSessions: async (...asked) => {
      await sleep(databaseMs);
      return contextStore.listSessions(...asked);
    },
  };
  handler = createMcpHttpHandler({ contextStore: remote, version: '1' });
  const limits = { maxConcurrentCalls, maxQueuedCalls, maxWaitingCalls, maxRequestBytes: 1_000_000 };
  const serveMessage = createMessageServer({ handler, telemetry: noTelemetry, ...limits });
  const app = createApp({
    service: Promise.resolve({ serveMessage, contextStore }),
    allowedHosts: ['127.0.0.1'],
    allowedOrigins: [],
    localOriginHosts: [],
    isStopping: () => false,
    onError: (error) => expect.fail(String(error)),
  });
  server = await openHttpServer({ fetch: app.fetch, host: '127.0.0.1', port: 0 });
});
afterAll(async () => {
  await server.drain(1000);
  await handler.close();
  await contextStore.close();
});

/** Without credentials, a caller is its address. */
const [greedy, modest] = ['127.0.0.2', '127.0.0.3'];
const headers = { 'content-type': 'application/json', accept: 'application/json, text/event-stream' };
const agents = new Map([greedy, modest].map((address) => [address, new Agent({ keepAlive: true })]));
afterAll(() => {
  for (const agent of agents.values()) agent.destroy();
});

async function call(address: string, name: string, args: object, signal?: AbortSignal): Promise<string> {
  const message = { jsonrpc: '2.0', id: 1, method: 'tools/call', params: { name, arguments: args } };
  return new Promise((resolve, reject) => {
    const options = { method: 'POST', headers, localAddress: address, agent: agents.get(address), signal };
    const sent = httpRequest(`${server.url}/mcp`, options, (response) => resolve(text(response)));
    sent.on('error', reject).end(JSON.stringify(message));
  });
}

/** The median time of calls that are made one after the other, all of which must be served. */
async function medianMs(calls: number): Promise<number> {
  const takenMs: number[] = [];
  for (let made = 0; made < calls; made += 1) {
    const startMs = performance.now();
    expect(await call(modest, 'listSessions', {})).toContain('"sessions"');
    takenMs.push(performance.now() - startMs);
  }
  return takenMs.toSorted((a, b) => a - b)[Math.floor(calls / 2)] ?? Number.NaN;
}

it('serves one caller soon while another calls ten times as much as the server can do', async () => {
  const aloneMs = await medianMs(15);
  const counts = { served: 0, refused: 0 };
  const over = new AbortController();
  const takeAll = async (): Promise<void> => {
    while (!over.signal.aborted) {
      const answer = await call(greedy, 'listSessions', {});
      counts[answer.includes('"OVERLOADED"') ? 'refused' : 'served'] += 1;
    }
  };
  const load = Array.from({ length: 10 * (maxConcurrentCalls + maxQueuedCalls) }, takeAll);
  await expect.poll(() => counts.refused).toBeGreaterThan(0);
  const besideMs = await medianMs(15);
  over.abort();
  await Promise.all(load);
  expect(counts.served).toBeGreaterThan(0);
  expect(besideMs / aloneMs).toBeLessThan(3);
});

it('lets one caller wait while another waits for all that it can', async () => {
  const wait = { agent: 'planner', waitSeconds: 45 };
  const leaving = new AbortController();
  let refused = 0;
  const waits = Array.from({ length: 10 * maxWaitingCalls }, async () => {
    const answer = await call(greedy, 'listHandoffs', wait, leaving.signal).catch(() => '');
    if (answer.includes('"OVERLOADED"')) refused += 1;
  });
  await expect.poll(() => refused).toBe(9.25 * maxWaitingCalls);
  expect(await call(modest, 'listHandoffs', { ...wait, waitSeconds: 0.1 })).toContain('"handoffs"');
  leaving.abort();
  await Promise.all(waits);
});
