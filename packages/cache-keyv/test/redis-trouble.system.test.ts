import { once } from 'node:events';
import { createServer, type AddressInfo } from 'node:net';
import { eventually, plainClient, redisServer, type RedisServer } from '@org/redis-connection/testing';
import type { Store } from '@org/domain';
import { createMemoryStore } from '@org/store-contract';
import type { ConnectionState } from '@org/redis-connection';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createCachedStore, type SharedLevel } from '../src/index.js';
import { createRedisLevel } from '../src/redis.js';
import { appendWork, createWork, readWork } from './requests.js';
import { slowProxy } from './slow-proxy.js';

describe('a cache over a Redis in trouble', () => {
  let server: RedisServer;
  let plain: Store;
  let states: ConnectionState[];
  let toClose: (() => unknown)[];

  beforeEach(async () => {
    toClose = [];
    states = [];
    server = await redisServer();
    plain = createMemoryStore();
    await createWork(plain);
    await appendWork(plain, 64);
  });
  afterEach(async () => {
    server.signal('SIGCONT');
    for (const close of toClose) await close();
    await server.kill();
  });

  const openLevel = (url = server.url, limitMs?: number): SharedLevel =>
    createRedisLevel({ url, deployment: 'test', onStateChange: (state) => states.push(state), limitMs });

  /** Every read of a cache without memory goes to Redis, if it is used. */
  function open(url?: string, limitMs?: number): Store {
    const store = createCachedStore({ store: plain, maxBytes: 100, shared: openLevel(url, limitMs) });
    toClose.push(() => store.close());
    return store;
  }

  async function expectReads(store: Store, count = 20): Promise<void> {
    const { entries } = await plain.readEntries(readWork());
    for (let time = 0; time < count; time += 1) {
      expect((await store.readEntries(readWork())).entries).toEqual(entries);
    }
  }

  const isUsed = (): boolean | undefined => states.at(-1)?.isConnected;
  const untilUsed = (wanted: boolean): Promise<void> => eventually(() => expect(isUsed()).toBe(wanted));

  it('serves without a Redis that is down, and uses it once it is up', async () => {
    const store = open();
    await expectReads(store);
    await untilUsed(false);
    await expectReads(store);
    await server.start();
    await untilUsed(true);
    await expectReads(store);
    expect(states).toEqual([{ isConnected: false, reason: 'ECONNREFUSED' }, { isConnected: true }]);
  });

  it('serves without a Redis that hangs, reports that once, and uses it again', async () => {
    await server.start();
    const store = open();
    await untilUsed(true);
    await expectReads(store);
    server.signal('SIGSTOP');
    await expectReads(store);
    await untilUsed(false);
    expect(states).toHaveLength(2);
    await Promise.all(Array.from({ length: 20 }, () => expectReads(store, 5)));
    server.signal('SIGCONT');
    await untilUsed(true);
    await expectReads(store);
    expect(states).toHaveLength(3);
  });

  it('opens while Redis hangs', async () => {
    await server.start();
    server.signal('SIGSTOP');
    const store = open();
    await expectReads(store);
    await untilUsed(false);
    server.signal('SIGCONT');
    await untilUsed(true);
  });

  it('sends only a probe now and then to a slow Redis', async () => {
    await server.start();
    const proxy = await slowProxy(Number(new URL(server.url).port));
    toClose.push(proxy.close);
    const store = open(`redis://127.0.0.1:${proxy.port}`);
    await untilUsed(true);
    await expectReads(store);
    proxy.delayMs = 200;
    await expectReads(store, 5);
    await untilUsed(false);
    proxy.sent = 0;
    await expectReads(store, 300);
    expect(proxy.sent).toBeLessThan(100);
    expect(isUsed()).toBe(false);
    proxy.delayMs = 0;
    await untilUsed(true);
  });

  it('serves through restarts of Redis', async () => {
    await server.start();
    const store = open();
    for (let time = 0; time < 3; time += 1) {
      await untilUsed(true);
      await expectReads(store);
      await server.kill();
      await untilUsed(false);
      await expectReads(store);
      await server.start();
    }
    await untilUsed(true);
    await expectReads(store);
  });

  it('serves without a Redis that is full, and uses it again', async () => {
    await server.start();
    const redis = await plainClient(server.url);
    toClose.unshift(redis.close);
    const store = open();
    await untilUsed(true);
    await redis.command('CONFIG', 'SET', 'maxmemory', '1');
    await expectReads(store);
    await untilUsed(false);
    expect(states.at(-1)).toEqual({ isConnected: false, reason: expect.stringContaining('OOM') as string });
    await expectReads(store);
    await redis.command('CONFIG', 'SET', 'maxmemory', '0');
    await untilUsed(true);
  });

  it('serves without a Redis that answers and stores nothing', async () => {
    await server.start();
    const redis = await plainClient(server.url);
    toClose.unshift(redis.close);
    const store = open();
    await untilUsed(true);
    await redis.command('CONFIG', 'SET', 'maxmemory', '1');
    for (let time = 0; time < 10; time += 1) await store.readEntries(readWork({ direction: 'ascending', limit: 16 }));
    await untilUsed(false);
    expect(states.at(-1)).toEqual({ isConnected: false, reason: expect.stringContaining('OOM') as string });
  });

  it('serves without a Redis that answers late every other time', async () => {
    await server.start();
    const level = openLevel();
    toClose.push(level.close);
    await untilUsed(true);
    // A signal may reach the server too late to delay a command, so that more rounds are needed than failures.
    for (let round = 0; round < 20 && isUsed() === true; round += 1) {
      server.signal('SIGSTOP');
      await level.find(['page']);
      server.signal('SIGCONT');
      await level.find(['page']);
    }
    const sinceUsed = states.slice(states.findIndex(({ isConnected }) => isConnected));
    expect(sinceUsed[1]).toEqual({ isConnected: false, reason: 'no answer within 50 ms' });
  });

  it('serves without a Redis that refuses the password, and does not repeat the password', async () => {
    await server.start();
    const store = open(server.url.replace('redis://', 'redis://user:secret@'));
    await expectReads(store);
    await untilUsed(false);
    expect(JSON.stringify(states)).toMatch(/WRONGPASS/);
    expect(JSON.stringify(states)).not.toContain('secret');
    await expectReads(store);
  });

  it('serves without a server that is not Redis', async () => {
    const babble = createServer((socket) => {
      socket.on('error', () => undefined);
      socket.write('HTTP/1.1 400 Bad Request\r\n\r\n\u0000\u0001$-5\r\n*99\r\n');
    });
    await once(babble.listen(0, '127.0.0.1'), 'listening');
    toClose.push(() => babble.close());
    const store = open(`redis://127.0.0.1:${(babble.address() as AddressInfo).port}`);
    await expectReads(store);
    await untilUsed(false);
    await expectReads(store);
  });

  it('closes in the given time while Redis does not answer', async () => {
    const mute = createServer((socket) => void socket.on('error', () => undefined).resume());
    await once(mute.listen(0, '127.0.0.1'), 'listening');
    toClose.push(() => mute.close());
    const accepted = once(mute, 'connection');
    const store = open(`redis://127.0.0.1:${(mute.address() as AddressInfo).port}`, 10_000);
    await accepted;
    await store.close(0);
    // A call that waited for an answer would have failed.
    expect(states).toEqual([]);
  });
});
