import { once } from 'node:events';
import { request as httpRequest, type ClientRequest, type IncomingMessage } from 'node:http';
import { connect as connectSocket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import {
  noTelemetry,
  openContextStore,
  type ContextStore,
  type MeasuredCall,
  type Telemetry,
} from '@org/context-store';
import { afterEach, describe, expect, it } from 'vitest';
import { openHttpServer } from '../../src/http/http-server.js';
import { createMessageServer } from '../../src/http/serve-message.js';
import { createRateLimiter } from '../../src/limits/rate-limiter.js';
import { clientKinds, connect, post } from '../support/mcp-http.js';
import { serveInProcess, type InProcessOptions } from '../http/serve-in-process.js';
import { withMethods } from '@org/mcp/testing';

const closers: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const close of closers.splice(0).toReversed()) await close();
});

/** Starts a server in this process. Its appends wait until `letThrough` is called. */
async function startServer(
  limits: Partial<Omit<InProcessOptions, 'telemetry'>> = {},
  telemetry: Telemetry = noTelemetry,
  callTimeoutMs = 60_000,
) {
  const contextStore = await openContextStore({ database: 'sqlite::memory:', callTimeoutMs });
  await contextStore.registerSession({ sessionKey: 'work', agent: 'planner' });
  const gate = Promise.withResolvers<void>();
  const state = { underWay: 0, letThrough: gate.resolve };
  const gated = withMethods(contextStore, (view) => ({
    updateContext: async (input) => {
      state.underWay += 1;
      await gate.promise;
      return view.updateContext(input);
    },
  }));
  const server = await serveInProcess(gated, {
    telemetry,
    refusalDelayMs: 0,
    maxRequestBytes: 1_000_000,
    maxConcurrentCalls: 2,
    maxQueuedCalls: 3,
    maxWaitingCalls: 2,
    ...limits,
  });
  closers.push(async () => {
    gate.resolve();
    await server.close();
    await contextStore.close();
  });
  return Object.assign(state, { contextStore, url: server.url, mcp: `${server.url}/mcp` });
}

const call = (name: string, args: object) => ({
  jsonrpc: '2.0',
  id: 7,
  method: 'tools/call',
  params: { name, arguments: { agent: 'planner', ...args } },
});
const append = (index: number) =>
  call('updateContext', { sessionKey: 'work', contextType: 'message', content: `entry ${index}` });
const listSessions = call('listSessions', {});
const wait = call('listHandoffs', { waitSeconds: 45 });
const overloaded = expect.objectContaining({
  code: 'OVERLOADED',
  retryable: true,
  message: expect.stringMatching(/wait \d s, then send the same call again/) as string,
  details: { retryAfterMs: expect.any(Number) as number },
}) as unknown;

const headers = { 'content-type': 'application/json', accept: 'application/json, text/event-stream' };

const contents = async (contextStore: ContextStore): Promise<string[]> =>
  (await contextStore.getContext({ sessionKey: 'work' })).entries.map(({ content }) => content).toSorted();

/** Returns true if a call is refused, and false if it waits. */
const isRefused = (answer: Promise<Response>): Promise<boolean> =>
  Promise.race([answer.then((response) => response.headers.has('retry-after')), sleep(500, false)]);

const structured = async (response: Response): Promise<unknown> =>
  ((await response.json()) as { result: { structuredContent: unknown } }).result.structuredContent;

describe('calls under way', () => {
  it('are limited, and so is their queue: further calls are OVERLOADED, and all others are served once', async () => {
    const server = await startServer();
    const answers = Array.from({ length: 5 }, (_, index) => post(server.mcp, append(index)));
    await expect.poll(() => server.underWay).toBe(2);
    const refused = await Promise.all([post(server.mcp, append(5)), post(server.mcp, append(6))]);
    for (const response of refused) {
      expect([response.status, response.headers.get('retry-after')]).toEqual([200, expect.stringMatching(/^[12]$/)]);
      expect(await structured(response)).toEqual(overloaded);
    }
    expect((await fetch(`${server.url}/health`)).status).toBe(200);
    expect((await fetch(`${server.url}/ready`)).status).toBe(200);
    expect(server.underWay).toBe(2);
    server.letThrough();
    for (const answer of answers) expect(await (await answer).text()).toContain('"sequence"');
    expect(await contents(server.contextStore)).toEqual([0, 1, 2, 3, 4].map((index) => `entry ${index}`));
    expect((await post(server.mcp, listSessions)).status).toBe(200);
  });

  it('lose their place in the queue when their clients disconnect', async () => {
    const server = await startServer();
    const first = [post(server.mcp, append(0)), post(server.mcp, append(1))];
    await expect.poll(() => server.underWay).toBe(2);
    const queued = [2, 3, 4].map((index) => {
      const sent = httpRequest(server.mcp, { method: 'POST', headers, agent: false });
      return sent.on('error', () => undefined).end(JSON.stringify(append(index)));
    });
    await expect.poll(() => isRefused(post(server.mcp, listSessions))).toBe(true);
    for (const sent of queued) sent.destroy();
    let last = post(server.mcp, append(5));
    await expect.poll(() => isRefused((last = post(server.mcp, append(5))))).toBe(false);
    server.letThrough();
    for (const answer of [...first, last]) expect(await (await answer).text()).toContain('"sequence"');
    expect(await contents(server.contextStore)).toEqual(expect.not.arrayContaining(['entry 2', 'entry 3', 'entry 4']));
  });

  it('are answered before those that are refused at the same time', async () => {
    const server = await startServer({ maxConcurrentCalls: 1, maxQueuedCalls: 0, refusalDelayMs: 1500 });
    const answered: string[] = [];
    const first = post(server.mcp, append(0)).then(() => answered.push('first'));
    await expect.poll(() => server.underWay).toBe(1);
    const refused = post(server.mcp, append(1)).then(() => answered.push('refused'));
    await fetch(`${server.url}/health`);
    server.letThrough();
    await first;
    await post(server.mcp, append(2)).then(() => answered.push('later'));
    await refused;
    expect(answered).toEqual(['first', 'later', 'refused']);
    expect(await contents(server.contextStore)).toEqual(['entry 0', 'entry 2']);
  });

  it('are measured as failed calls of their tools if they are refused', async () => {
    const refusals: unknown[] = [];
    const telemetry: Telemetry = {
      ...noTelemetry,
      measure: <T>(measured: MeasuredCall, run: () => Promise<T>) =>
        run().catch((error: unknown) => {
          refusals.push([measured, (error as { code: unknown }).code]);
          throw error;
        }),
    };
    const server = await startServer({ maxConcurrentCalls: 1, maxQueuedCalls: 0, maxWaitingCalls: 0 }, telemetry);
    void post(server.mcp, append(0));
    await expect.poll(() => server.underWay).toBe(1);
    await post(server.mcp, append(1));
    await post(server.mcp, wait);
    await post(server.mcp, call('no such tool', {}));
    await post(server.mcp, { jsonrpc: '2.0', id: 1, method: 'tools/list' });
    const request = { id: 7, transport: 'tcp' };
    expect(refusals).toEqual([
      [{ tool: 'updateContext', waits: false, request }, 'OVERLOADED'],
      [{ tool: 'listHandoffs', waits: true, request }, 'OVERLOADED'],
    ]);
  });
});

it('gives memory back before a delayed refusal is sent', async () => {
  let refused = 0;
  const telemetry: Telemetry = { ...noTelemetry, measure: (_call, run) => run().finally(() => (refused += 1)) };
  const rateLimiter = { count: () => Promise.resolve(1000) };
  const server = await startServer({ rateLimiter, refusalDelayMs: 5000 }, telemetry);
  const large = JSON.stringify(call('listSessions', { padding: 'a'.repeat(900_000) }));
  const sent: ClientRequest[] = [];
  // Each wave fits in the budget, but all of them together do not.
  for (let wave = 0; wave < 8; wave += 1) {
    for (let index = 0; index < 10; index += 1) {
      const request = httpRequest(server.mcp, { method: 'POST', headers, agent: false });
      sent.push(request.on('error', () => undefined).end(large));
    }
    await expect.poll(() => refused).toBe(sent.length);
  }
  for (const request of sent) request.destroy();
});

it('cuts off a client whose refusal is not sent in time', async () => {
  const rateLimiter = { count: () => Promise.resolve(1000) };
  const server = await startServer({ rateLimiter, maxAnsweringMs: 50, refusalDelayMs: 10_000 });
  await expect(post(server.mcp, listSessions)).rejects.toThrow('fetch failed');
});

it('delays the refusal of a message for which there is no memory', async () => {
  const server = await startServer({ maxRequestBytes: 7_000_000, maxAnsweringMs: 50, refusalDelayMs: 10_000 });
  const { promise: outcome, resolve } = Promise.withResolvers<string>();
  const arriving = Array.from({ length: 8 }, () => {
    const request = httpRequest(server.mcp, { method: 'POST', headers: { ...headers, 'content-length': 7_000_000 } });
    request.on('error', () => resolve('cut off before it was told')).on('response', () => resolve('told'));
    request.write(Buffer.alloc(6_900_000));
    return request;
  });
  expect(await outcome).toBe('cut off before it was told');
  for (const request of arriving) request.destroy();
});

it('limits waiting calls and streams apart, and they take no slots of other calls', async () => {
  const server = await startServer({ maxConcurrentCalls: 1, maxQueuedCalls: 0 });
  const listener = await connect('v2 client, modern', 'listener', server.mcp);
  if (!('listen' in listener)) throw new TypeError('the modern client can listen');
  const subscription = await listener.listen({ resourceSubscriptions: ['handoff://sessions'] });
  const ending = new AbortController();
  const waiting = fetch(server.mcp, {
    method: 'POST',
    headers,
    body: JSON.stringify(wait),
    signal: ending.signal,
  });
  await waiting;
  expect(await structured(await post(server.mcp, wait))).toEqual(overloaded);
  await expect(listener.listen({ resourceSubscriptions: ['handoff://stats'] })).rejects.toThrow('busy');
  expect(await (await post(server.mcp, listSessions)).text()).toContain('"work"');
  ending.abort();
  await subscription.close();
  await expect.poll(async () => (await post(server.mcp, wait)).headers.has('retry-after')).toBe(false);
  await listener.close();
});

it('serves one request at a time on each connection: pipelined requests take no slots', async () => {
  const server = await startServer({ maxConcurrentCalls: 2, maxQueuedCalls: 0 });
  const { hostname, port } = new URL(server.url);
  const socket = connectSocket(Number(port), hostname);
  let answers = '';
  socket.on('data', (chunk) => (answers += String(chunk)));
  const send = (message: object): void => {
    const body = JSON.stringify(message);
    const head = Object.entries({ ...headers, host: hostname, 'content-length': body.length });
    socket.write(`POST /mcp HTTP/1.1\r\n${head.map((line) => `${line.join(': ')}\r\n`).join('')}\r\n${body}`);
  };
  send(call('listHandoffs', { waitSeconds: 2 }));
  for (const _ of [1, 2, 3]) send(listSessions);
  await expect.poll(() => answers).toContain('200 OK');
  expect(await (await post(server.mcp, listSessions)).text()).toContain('"work"');
  await expect.poll(() => answers.split('HTTP/1.1 400 ').length, { timeout: 10_000 }).toBe(4);
  expect(answers).toContain('send one request at a time on each connection');
  send(listSessions);
  await expect.poll(() => answers).toContain('"work"');
  socket.destroy();
});

it.each([
  ['its answer', listSessions],
  ['the answer that it waited for', call('listHandoffs', { waitSeconds: 0.1 })],
])('cuts off a client that does not read %s, so that others get its slot', async (_what, message) => {
  const answer = 'a'.repeat(32 * 1024 * 1024);
  const serveMessage = createMessageServer({
    handler: {
      fetch: () => Promise.resolve(new Response(answer)),
      refuse: () => new Response(null, { status: 503 }),
    },
    telemetry: noTelemetry,
    maxRequestBytes: 1000,
    maxConcurrentCalls: 1,
    maxQueuedCalls: 1,
    maxWaitingCalls: 1,
    maxAnsweringMs: 1500,
    refusalDelayMs: 0,
  });
  const server = await openHttpServer({
    fetch: (request, bindings) => serveMessage(request, bindings, { id: 'caller' }),
    host: '127.0.0.1',
    port: 0,
  });
  closers.push(() => server.drain(0));
  const slow = httpRequest(server.url, { method: 'POST', headers, agent: false }).end(JSON.stringify(message));
  const [unread] = (await once(slow, 'response')) as [IncomingMessage];
  await expect.poll(async () => (await (await post(server.url, message)).text()).length).toBe(answer.length);
  await expect(unread.toArray()).rejects.toThrow('aborted');
});

describe.each(clientKinds)('an official client that is refused: %s', (kind) => {
  it('shows its model RATE_LIMITED with a retry time as the result of a tool, and is served afterwards', async () => {
    let retryAfterMs: number | undefined;
    const server = await startServer({ rateLimiter: { count: () => Promise.resolve(retryAfterMs) } });
    const client = await connect(kind, 'client', server.mcp);
    retryAfterMs = 1500;
    const refused = await client.callTool({ name: 'listSessions', arguments: {} });
    expect(refused).toMatchObject({
      isError: true,
      structuredContent: {
        code: 'RATE_LIMITED',
        message: expect.stringContaining('wait 2 s') as string,
        details: { retryAfterMs: 1500 },
      },
    });
    expect(refused.content).toEqual([{ type: 'text', text: JSON.stringify(refused['structuredContent']) }]);
    await expect(client.listTools()).rejects.toThrow('wait 2 s');
    retryAfterMs = undefined;
    expect(await client.callTool({ name: 'listSessions', arguments: {} })).toMatchObject({
      structuredContent: { sessions: [{ sessionKey: 'work' }] },
    });
    await client.close();
  });
});

it('limits the rate of each caller', async () => {
  const rateLimiter = createRateLimiter({ callsPerSecond: 1 });
  const server = await startServer({ rateLimiter });
  const refusals: boolean[] = [];
  for (let sent = 0; sent < 12; sent += 1) {
    refusals.push((await post(server.mcp, listSessions)).headers.has('retry-after'));
  }
  expect(refusals).toEqual([...Array<boolean>(10).fill(false), true, true]);
  expect((await fetch(`${server.url}/health`)).status).toBe(200);
});
