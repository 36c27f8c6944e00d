import { temporaryDatabase, type TemporaryDatabase } from '@org/store-kysely/testing';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { noTelemetry, openContextStore, type ContextStore, type OpenContextStoreOptions } from '../src/index.js';

const redisUrl = process.env['REDIS_TEST_URL'] ?? 'redis://127.0.0.1:6379';

let database: TemporaryDatabase;
let opened: ContextStore[];
beforeEach(async () => {
  opened = [];
  database = await temporaryDatabase();
});
afterEach(async () => {
  await Promise.all(opened.map((contextStore) => contextStore.close()));
  await database.drop();
});

async function open(cache?: OpenContextStoreOptions['cache'], url = database.url) {
  const lookups: boolean[] = [];
  const states: boolean[] = [];
  const contextStore = await openContextStore({
    database: url,
    agent: 'planner',
    redis: { url: redisUrl },
    telemetry: { ...noTelemetry, recordCacheLookup: (isHit) => lookups.push(isHit) },
    cache: cache && { ...cache, onStateChange: ({ isConnected }) => states.push(isConnected) },
  });
  opened.push(contextStore);
  return { contextStore, lookups, states };
}

const cache = { maxBytes: 1_000_000, ttlMs: 60_000, sharesByRedis: true };

async function fill(contextStore: ContextStore): Promise<void> {
  await contextStore.registerSession({ sessionKey: 'work' });
  for (let index = 0; index < 20; index += 1)
    await contextStore.updateContext({ sessionKey: 'work', contextType: 'message', content: `note ${index}` });
}

it('has no cache by default', async () => {
  const { contextStore, lookups } = await open();
  await fill(contextStore);
  await contextStore.getContext({ sessionKey: 'work' });
  expect(lookups).toEqual([]);
});

it('caches in memory, and shares the cache through Redis', async () => {
  const first = await open(cache);
  await vi.waitFor(() => expect(first.states).toEqual([true]), { timeout: 15_000, interval: 5 });
  await fill(first.contextStore);
  const read = await first.contextStore.getContext({ sessionKey: 'work' });
  expect(await first.contextStore.getContext({ sessionKey: 'work' })).toEqual(read);
  expect(first.lookups).toEqual([false, true]);
  const second = await open(cache);
  await vi.waitFor(() => expect(second.states).toEqual([true]), { timeout: 15_000, interval: 5 });
  expect(await second.contextStore.getContext({ sessionKey: 'work' })).toEqual(read);
  expect(second.lookups).toEqual([true]);
});

it('shares the cache with a process that reaches the database by another name', async () => {
  const first = await open(cache);
  await vi.waitFor(() => expect(first.states).toEqual([true]), { timeout: 15_000, interval: 5 });
  await fill(first.contextStore);
  await first.contextStore.getContext({ sessionKey: 'work' });
  const url = new URL(database.url);
  url.hostname = url.hostname === 'localhost' ? '127.0.0.1' : 'localhost';
  const second = await open(cache, url.href);
  await vi.waitFor(() => expect(second.states).toEqual([true]), { timeout: 15_000, interval: 5 });
  await second.contextStore.getContext({ sessionKey: 'work' });
  expect(second.lookups).toEqual([true]);
});
