import { request, type ClientRequest } from 'node:http';
import { openContextStore } from '@org/context-store';
import { expect, it } from 'vitest';
import { connect, HttpServerProcess, post } from '../support/mcp-http.js';
import { serveInProcess } from './serve-in-process.js';
import { withMethods } from '@org/mcp/testing';

const headers = { 'content-type': 'application/json', accept: 'application/json, text/event-stream' };
const envelope = {
  'io.modelcontextprotocol/protocolVersion': '2026-07-28',
  'io.modelcontextprotocol/clientInfo': { name: 'client', version: '1' },
  'io.modelcontextprotocol/clientCapabilities': {},
};
const wait = (id: number, meta: object = {}) => ({
  jsonrpc: '2.0',
  id,
  method: 'tools/call',
  params: { name: 'listHandoffs', arguments: { agent: 'reviewer', waitSeconds: 45 }, _meta: meta },
});
const modernHeaders = { 'mcp-protocol-version': '2026-07-28', 'mcp-method': 'tools/call', 'mcp-name': 'listHandoffs' };

it('stops without delay while calls wait and a client listens, and answers them', async () => {
  const server = await HttpServerProcess.start({ DATABASE_URL: 'sqlite::memory:' });
  const listener = await connect('v2 client, modern', 'listener', server.mcp);
  if (!('listen' in listener)) throw new TypeError('the modern client can listen');
  const subscription = await listener.listen({ resourceSubscriptions: ['handoff://sessions'] });
  const answers = Array.from({ length: 20 }, (_, id) =>
    id % 2 === 0 ? post(server.mcp, wait(id)) : post(server.mcp, wait(id, envelope), modernHeaders),
  );
  await new Promise((later) => setTimeout(later, 300));
  const stopped = server.stop();
  for (const answer of answers) expect(await (await answer).text()).toMatch(/"handoffs":\[\]/);
  expect(await subscription.closed).toBe('graceful');
  expect(await stopped).toMatchObject({ code: 0, stderr: '' });
});

it.each(['legacy', 'modern'])('forgets 200 waiting calls whose connections were lost, %s era', async (era) => {
  const contextStore = await openContextStore({ database: 'sqlite::memory:' });
  let waiting = 0;
  const observed = withMethods(contextStore, (view) => ({
    listHandoffs: async (input) => {
      waiting += 1;
      return view.listHandoffs(input).finally(() => {
        waiting -= 1;
      });
    },
  }));
  const server = await serveInProcess(observed, {
    mcp: { progressIntervalMs: 20 },
    maxRequestBytes: 10_000,
    // A waiting call takes none of these.
    maxConcurrentCalls: 1,
    maxQueuedCalls: 0,
    // One caller may take three quarters of these.
    maxWaitingCalls: 300,
  });
  const calls = Array.from({ length: 200 }, (_, id): ClientRequest => {
    // Every other call gets a stream, which has begun before the connection is lost.
    const meta = { ...(era === 'modern' && envelope), ...(id % 2 === 0 && { progressToken: id }) };
    const own = era === 'modern' ? { ...headers, ...modernHeaders } : headers;
    const call = request(`${server.url}/mcp`, { method: 'POST', headers: own, agent: false });
    call.on('error', () => undefined).on('response', (response) => response.on('error', () => undefined).resume());
    return call.end(JSON.stringify(wait(id, meta)));
  });
  await expect.poll(() => waiting).toBe(200);
  await new Promise((later) => setTimeout(later, 100));
  const closed = calls.map((call) => new Promise((resolve) => call.once('close', resolve)));
  for (const call of calls) call.destroy();
  await Promise.all(closed);
  await expect.poll(() => waiting).toBe(0);
  await server.close();
  await contextStore.close();
});
