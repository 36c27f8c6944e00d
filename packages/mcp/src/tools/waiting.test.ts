import { InMemoryTransport, type JSONRPCMessage } from '@modelcontextprotocol/server';
import { ContextStoreError, createContextStore, type Store } from '@org/domain';
import { createMemoryStore } from '@org/store-contract';
import { describe, expect, it } from 'vitest';
import {
  call,
  connect,
  connectStdio,
  eras,
  factoryOver,
  memoryContextStore,
  observedContextStore,
} from '../../test/connect.js';
import { serveMcpStdio } from '../stdio/serve-mcp-stdio.js';

const wait = { name: 'listHandoffs', arguments: { agent: 'reviewer', waitSeconds: 45 } };
const offered = { sessionKey: 'work', requestType: 'full_handoff', agent: 'planner' } as const;

describe.each(eras)('listHandoffs with waitSeconds, %s era', (era) => {
  it('answers when an offer arrives, and with a cursor waits for the next one', async () => {
    const { contextStore, waiting } = observedContextStore();
    const client = await connect(factoryOver(contextStore), era);
    await contextStore.registerSession({ sessionKey: 'work', agent: 'planner' });
    const arriving = call(client, 'listHandoffs', wait.arguments);
    await expect.poll(waiting).toBe(1);
    await contextStore.requestHandoff({ ...offered, summary: 'first' });
    const { body } = await arriving;
    expect(body).toMatchObject({ handoffs: [{ summary: 'first' }] });

    const next = call(client, 'listHandoffs', { ...wait.arguments, cursor: body['cursor'] });
    await expect.poll(waiting).toBe(1);
    await contextStore.requestHandoff({ ...offered, targetAgent: 'reviewer', summary: 'second' });
    expect((await next).body).toMatchObject({ handoffs: [{ summary: 'second' }] });
    expect(await waiting()).toBe(0);
  });

  it('sends progress to a client that asked for it', async () => {
    const { contextStore } = observedContextStore();
    await contextStore.registerSession({ sessionKey: 'work', agent: 'planner' });
    const client = await connect(factoryOver(contextStore, { progressIntervalMs: 5 }), era);
    const heard: number[] = [];
    const { promise: heardTwice, resolve } = Promise.withResolvers<void>();
    const arriving = client.callTool(wait, {
      onprogress: ({ progress }) => {
        heard.push(progress);
        if (heard.length === 2) resolve();
      },
    });
    await heardTwice;
    await contextStore.requestHandoff(offered);
    expect(await arriving).toMatchObject({ structuredContent: { handoffs: [{ sessionKey: 'work' }] } });
    expect(heard).toEqual(heard.toSorted((a, b) => a - b));
  });

  it('ends at once when the client cancels, and leaks nothing: 200 concurrent calls', async () => {
    const { contextStore, waiting, listeners } = observedContextStore();
    const client = await connectStdio({ contextStore, progressIntervalMs: 5 }, era);
    const cancelled = new AbortController();
    const options = { signal: cancelled.signal, onprogress: () => undefined };
    const calls = Array.from({ length: 200 }, () => client.callTool(wait, options));
    await expect.poll(waiting).toBe(200);
    cancelled.abort();
    const outcomes = await Promise.allSettled(calls);
    expect(outcomes.every(({ status }) => status === 'rejected')).toBe(true);
    await expect.poll(waiting).toBe(0);
    expect(listeners()).toBe(0);
    expect((await call(client, 'listSessions')).isError).toBe(false);
  });

  it('ends when the connection closes: 200 connections', async () => {
    const { contextStore, waiting, listeners } = observedContextStore();
    const clients = await Promise.all(Array.from({ length: 200 }, () => connectStdio({ contextStore }, era)));
    const calls = clients.map((client) => client.callTool(wait));
    const outcomes = Promise.allSettled(calls);
    await expect.poll(waiting).toBe(200);
    await Promise.all(clients.map((client) => client.close()));
    await outcomes;
    await expect.poll(waiting).toBe(0);
    expect(listeners()).toBe(0);
  });

  it('answers without offers when the server stops, while other calls continue', async () => {
    const { contextStore, waiting } = observedContextStore();
    const stopping = new AbortController();
    const client = await connect(factoryOver(contextStore, { stopping: stopping.signal }), era);
    const arriving = call(client, 'listHandoffs', wait.arguments);
    await expect.poll(waiting).toBe(1);
    stopping.abort();
    expect(await arriving).toMatchObject({
      isError: false,
      body: { handoffs: [], cursor: expect.any(String) as string },
    });
    expect((await call(client, 'registerSession', { sessionKey: 'work' })).isError).toBe(false);
    expect((await call(client, 'listHandoffs', wait.arguments)).body).toMatchObject({ handoffs: [] });
  });

  it('answers with the offers of a store read that is in progress when the server stops', async () => {
    const [asked, answering] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
    const store = createMemoryStore();
    const busy: Store = {
      ...store,
      // Like a call that waits for a database connection.
      listHandoffs: async (request, signal) => {
        asked.resolve();
        await answering.promise;
        if (signal?.aborted === true) throw new ContextStoreError('CANCELLED', 'Given up.');
        return store.listHandoffs(request);
      },
    };
    const stopping = new AbortController();
    const client = await connect(factoryOver(createContextStore({ store: busy }), { stopping: stopping.signal }), era);
    const arriving = call(client, 'listHandoffs', wait.arguments);
    await asked.promise;
    stopping.abort();
    answering.resolve();
    expect(await arriving).toMatchObject({ isError: false, body: { handoffs: [] } });
  });

  it.each([
    [{ waitSeconds: 46 }, 'waitSeconds'],
    [{ waitSeconds: -1 }, 'waitSeconds'],
    [{ waitSeconds: 1e308 }, 'waitSeconds'],
    [{ waitSeconds: 1, direction: 'outbox' }, 'waitSeconds'],
    [{ waitSeconds: 1, status: 'accepted' }, 'waitSeconds'],
  ])('refuses %o', async (args, named) => {
    const client = await connect(factoryOver(memoryContextStore()), era);
    expect((await call(client, 'listHandoffs', args)).body).toMatchObject({
      code: 'VALIDATION_ERROR',
      message: expect.stringContaining(named) as string,
    });
  });
});

it('sends progress during a call, and only if the client asked for it', async () => {
  const { contextStore, waiting } = observedContextStore();
  const [client, transport] = InMemoryTransport.createLinkedPair();
  serveMcpStdio({ contextStore, version: '1', transport, progressIntervalMs: 1 });
  const heard: JSONRPCMessage[] = [];
  Object.assign(client, { onmessage: (message: JSONRPCMessage) => heard.push(message) });
  const progress = (): unknown[] =>
    heard.filter((message) => 'method' in message).map(({ params }) => params?.['progressToken']);
  const ask = (id: number, method: string, params: Record<string, unknown>): Promise<void> =>
    client.send({ jsonrpc: '2.0', id, method, params });
  await client.start();
  await ask(1, 'initialize', {
    protocolVersion: '2025-11-25',
    capabilities: {},
    clientInfo: { name: 'c', version: '1' },
  });
  await ask(2, 'tools/call', wait);
  await expect.poll(waiting).toBe(1);
  await new Promise((later) => setTimeout(later, 30));
  expect(progress()).toEqual([]);
  await ask(3, 'tools/call', { ...wait, _meta: { progressToken: 'mine' } });
  await expect.poll(() => progress().length).toBeGreaterThan(2);
  await contextStore.registerSession({ sessionKey: 'work', agent: 'planner' });
  await contextStore.requestHandoff(offered);
  await expect.poll(() => heard.filter((message) => 'result' in message)).toHaveLength(3);
  const before = progress();
  expect(new Set(before)).toEqual(new Set(['mine']));
  await new Promise((later) => setTimeout(later, 30));
  expect(progress()).toEqual(before);
});
