import type { Client } from '@modelcontextprotocol/client';
import type { JSONRPCMessage, Transport } from '@modelcontextprotocol/server';
import { beforeEach, describe, expect, it } from 'vitest';
import { connectStdio, observedContextStore, type ObservedContextStore } from '../../test/connect.js';
import { serveMcpStdio } from '../stdio/serve-mcp-stdio.js';

const note = { sessionKey: 'work', contextType: 'message', content: 'x', agent: 'a' } as const;
const uri = 'handoff://context/work';

let observed: ObservedContextStore;
let notified: string[];
beforeEach(async () => {
  observed = observedContextStore();
  notified = [];
  await observed.contextStore.registerSession({ sessionKey: 'work', agent: 'a' });
});

async function connectListening(era: 'legacy' | 'modern'): Promise<Client> {
  const client = await connectStdio({ contextStore: observed.contextStore, gatherMs: 5 }, era);
  client.setNotificationHandler('notifications/resources/updated', ({ params }) => void notified.push(params.uri));
  client.setNotificationHandler('notifications/resources/list_changed', () => void notified.push('list'));
  return client;
}

const settled = () => new Promise((later) => setTimeout(later, 60));

it.each(['legacy', 'modern'] as const)(
  'notifies a client with the URI that it asked for, encoded or not, %s era',
  async (era) => {
    const client = await connectListening(era);
    const uris = ['handoff://sessions/w%6Frk', 'handoff://sessions/work'];
    if (era === 'modern') await client.listen({ resourceSubscriptions: uris });
    else for (const asked of uris) await client.subscribeResource({ uri: asked });
    await observed.contextStore.updateContext(note);
    await expect.poll(() => notified.toSorted()).toEqual(uris);
  },
);

describe('a client of the legacy era on stdio', () => {
  it('is notified of the resources that it subscribed to, until it unsubscribes', async () => {
    const client = await connectListening('legacy');
    expect(client.getServerCapabilities()).toMatchObject({ resources: { subscribe: true } });
    expect(client.getServerCapabilities()?.resources).not.toHaveProperty('listChanged');
    await client.subscribeResource({ uri });
    await client.subscribeResource({ uri });
    await observed.contextStore.updateContext(note);
    await expect.poll(() => notified).toEqual([uri]);
    await client.unsubscribeResource({ uri });
    await client.unsubscribeResource({ uri: 'handoff://stats' });
    await observed.contextStore.updateContext(note);
    await settled();
    expect(notified).toEqual([uri]);
    expect(observed.listeners()).toBe(0);
  });

  it.each([
    ['handoff://nothing', 'Resource not found'],
    ['handoff://inbox/role:x', 'agent'],
  ])('cannot subscribe to %s', async (wrong, says) => {
    const client = await connectListening('legacy');
    await expect(client.subscribeResource({ uri: wrong })).rejects.toMatchObject({
      code: -32_602,
      message: expect.stringContaining(says) as string,
    });
  });

  it('can subscribe to 100 resources and no more', async () => {
    const client = await connectListening('legacy');
    for (let index = 0; index < 100; index += 1) await client.subscribeResource({ uri: `handoff://context/s${index}` });
    await expect(client.subscribeResource({ uri })).rejects.toThrow('At most 100');
    await client.unsubscribeResource({ uri: 'handoff://context/s0' });
    await client.subscribeResource({ uri });
    await client.close();
    await expect.poll(observed.listeners).toBe(0);
  });
});

describe('a client of the modern era on stdio', () => {
  it('is notified of what it listens to, until it closes the subscription', async () => {
    const client = await connectListening('modern');
    const subscription = await client.listen({ resourceSubscriptions: [uri], resourcesListChanged: true });
    expect(subscription.honoredFilter).toEqual({ resourceSubscriptions: [uri], resourcesListChanged: true });
    await observed.contextStore.updateContext(note);
    await expect.poll(() => notified).toEqual([uri]);
    await observed.contextStore.registerSession({ sessionKey: 'new', agent: 'a' });
    await expect.poll(() => notified).toEqual([uri, 'list']);
    await subscription.close();
    await expect.poll(observed.listeners).toBe(0);
    await observed.contextStore.updateContext(note);
    await settled();
    expect(notified).toEqual([uri, 'list']);
  });

  it('is not notified of anything else', async () => {
    const client = await connectListening('modern');
    await client.listen({ resourceSubscriptions: ['handoff://summary/work'] });
    await observed.contextStore.registerSession({ sessionKey: 'new', agent: 'a' });
    await settled();
    expect(notified).toEqual([]);
  });

  it('gets an error at once if it listens to a resource that does not exist', async () => {
    const client = await connectListening('modern');
    await expect(client.listen({ resourceSubscriptions: [uri, 'handoff://nothing'] })).rejects.toMatchObject({
      message: expect.stringContaining('Resource not found: handoff://nothing') as string,
    });
    expect(observed.listeners()).toBe(0);
  });

  it('leaves no listeners when it disconnects', async () => {
    const client = await connectListening('modern');
    await client.listen({ resourceSubscriptions: [uri], resourcesListChanged: true });
    expect(observed.listeners()).toBe(2);
    await client.close();
    await expect.poll(observed.listeners).toBe(0);
  });
});

/** The client's side of a connection, in raw messages, whose reader can be paused. */
class SlowWire implements Transport {
  onmessage?: (message: JSONRPCMessage) => void;
  readonly sent: JSONRPCMessage[] = [];
  isStuck = false;
  start = async (): Promise<void> => undefined;
  close = async (): Promise<void> => undefined;
  async send(message: JSONRPCMessage): Promise<void> {
    this.sent.push(message);
    while (this.isStuck) await new Promise((later) => setTimeout(later, 5));
  }
}

it('queues each change once for a client that does not read', async () => {
  const wire = new SlowWire();
  serveMcpStdio({ contextStore: observed.contextStore, version: '1', transport: wire, gatherMs: 1 });
  const request = (id: number, method: string, params: object): void =>
    wire.onmessage?.({ jsonrpc: '2.0', id, method, params } as JSONRPCMessage);
  const clientInfo = { name: 'slow', version: '1' };
  request(1, 'initialize', { protocolVersion: '2025-11-25', capabilities: {}, clientInfo });
  request(2, 'resources/subscribe', { uri });
  request(3, 'resources/subscribe', { uri: 'handoff://sessions' });
  await expect.poll(() => wire.sent).toHaveLength(3);
  wire.isStuck = true;
  const updates = (): number => wire.sent.slice(3).length;
  for (let round = 0; round < 20; round += 1) {
    await observed.contextStore.updateContext(note);
    await new Promise((later) => setTimeout(later, 10));
  }
  expect(updates()).toBe(1);
  wire.isStuck = false;
  await settled();
  expect(updates()).toBeLessThanOrEqual(3);
  expect(updates()).toBeGreaterThanOrEqual(2);
});
