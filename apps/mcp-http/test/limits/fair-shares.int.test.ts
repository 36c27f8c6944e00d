import { Agent, request as httpRequest } from 'node:http';
import { text } from 'node:stream/consumers';
import { setTimeout as sleep } from 'node:timers/promises';
import { ContextStoreError, openContextStore, type ContextStore } from '@org/context-store';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { serveInProcess, type InProcessServer } from '../http/serve-in-process.js';
import { withMethods } from '@org/mcp/testing';

const [maxConcurrentCalls, maxQueuedCalls, maxWaitingCalls] = [8, 16, 8];
/** The time of one query, much longer than the server needs for a call, as with a remote database. */
const databaseMs = 100;
/** How many queries the database runs at once. */
const databaseTakes = 32;

let contextStore: ContextStore;
let server: InProcessServer;
/** The number of getContext calls that reached the database. */
let reads = 0;
let waiting: () => { readonly waiting: number };
beforeAll(async () => {
  contextStore = await openContextStore({ database: 'sqlite::memory:' });
  let underWay = 0;
  const remotely = async <Answer>(ask: () => Promise<Answer>): Promise<Answer> => {
    if (underWay === databaseTakes) throw new ContextStoreError('OVERLOADED', 'Too much at once.', { retryAfterMs: 1 });
    underWay += 1;
    await sleep(databaseMs);
    underWay -= 1;
    return ask();
  };
  const remote = withMethods(contextStore, (view) => ({
    listSessions: (input) => remotely(() => view.listSessions(input)),
    getContext: (input) => {
      reads += 1;
      return remotely(() => view.getContext(input));
    },
  }));
  server = await serveInProcess(remote, {
    maxConcurrentCalls,
    maxQueuedCalls,
    maxWaitingCalls,
    maxRequestBytes: 1_000_000,
    httpTelemetry: { observeRequests: (observe) => void (waiting = observe) },
  });
});
afterAll(async () => {
  await server.close();
  await contextStore.close();
});

/** Unauthenticated callers are identified by their address. */
const [greedy, modest] = ['127.0.0.2', '127.0.0.3'];
const headers = { 'content-type': 'application/json', accept: 'application/json, text/event-stream' };
const agents = new Map([greedy, modest].map((address) => [address, new Agent({ keepAlive: true })]));
afterAll(() => {
  for (const agent of agents.values()) agent.destroy();
});

const call = (address: string, name: string, args: object, signal?: AbortSignal): Promise<string> =>
  send(address, { jsonrpc: '2.0', id: 1, method: 'tools/call', params: { name, arguments: args } }, signal);

function send(address: string, message: object, signal?: AbortSignal, more: object = {}): Promise<string> {
  return new Promise((resolve, reject) => {
    const options = {
      method: 'POST',
      headers: { ...headers, ...more },
      localAddress: address,
      agent: agents.get(address),
      signal,
    };
    const sent = httpRequest(`${server.url}/mcp`, options, (response) => resolve(text(response)));
    sent.on('error', reject).end(JSON.stringify(message));
  });
}

/** Makes calls one after another, all of which must be served. Returns their median time. */
async function medianMs(calls: number): Promise<number> {
  const takenMs: number[] = [];
  for (let made = 0; made < calls; made += 1) {
    const startMs = performance.now();
    expect(await call(modest, 'listSessions', {})).toContain('"sessions"');
    takenMs.push(performance.now() - startMs);
  }
  return takenMs.toSorted((a, b) => a - b)[Math.floor(calls / 2)] ?? Number.NaN;
}

it('serves one caller without delay while another sends ten times what the server can serve', async () => {
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

it('lets one caller wait while another takes all waiting slots that it can', async () => {
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
  await expect.poll(() => waiting().waiting).toBe(0);
});

it('has memory for a large message while another caller begins as many as it can, and finishes none', async () => {
  let refused = 0;
  const unended = Array.from({ length: 100 }, () => {
    const [localAddress, agent] = [greedy, agents.get(greedy)];
    const options = { method: 'POST', headers: { ...headers, 'content-length': 1_000_000 }, localAddress, agent };
    const sent = httpRequest(`${server.url}/mcp`, options, () => (refused += 1)).on('error', () => undefined);
    sent.write('a'.repeat(900_000));
    return sent;
  });
  await expect.poll(() => refused).toBeGreaterThan(40);
  const padding = 'a'.repeat(900_000);
  expect(await call(modest, 'listSessions', { padding })).not.toContain('"OVERLOADED"');
  for (const sent of unended) sent.destroy();
});

it('serves one caller while another subscribes to as many missing resources as it can', async () => {
  const _meta = {
    'io.modelcontextprotocol/protocolVersion': '2026-07-28',
    'io.modelcontextprotocol/clientInfo': { name: 'listener', version: '1' },
    'io.modelcontextprotocol/clientCapabilities': {},
  };
  const method = 'subscriptions/listen';
  const more = { 'mcp-protocol-version': '2026-07-28', 'mcp-method': method };
  const leaving = new AbortController();
  const streams = Array.from({ length: 6 }, (_, stream) => {
    const resourceSubscriptions = Array.from({ length: 100 }, (_uri, index) => `handoff://context/${stream}-${index}`);
    const params = { _meta, notifications: { resourceSubscriptions } };
    return send(greedy, { jsonrpc: '2.0', id: 1, method, params }, leaving.signal, more).catch(() => '');
  });
  const before = reads;
  await expect.poll(() => reads).toBeGreaterThan(before);
  expect(await call(modest, 'listSessions', {})).toContain('"sessions"');
  leaving.abort();
  await Promise.all(streams);
});
