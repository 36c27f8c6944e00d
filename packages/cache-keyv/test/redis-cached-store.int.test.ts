import { randomUUID } from 'node:crypto';
import { copyFileSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { eventually, plainClient, redisUrl, type PlainClient } from '@org/bus-redis/testing';
import { noTelemetry, type Store } from '@org/domain';
import { createMemoryStore, describeStoreContract, describeStoreModel } from '@org/domain/testing';
import { createSqliteStore } from '@org/store-kysely/sqlite';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { createCachedStore } from '../src/index.js';
import { createRedisLevel } from '../src/redis.js';
import { openCachedMemory, openCachedSqlite, type Caching } from './open-cached.js';
import { appendWork, briefWork, createWork, readWork } from './requests.js';

/** With so little memory, Redis is asked nearly every time. */
const throughRedis = (pageSize: number): Caching => ({
  pageSize,
  maxBytes: 1000,
  ttlMs: 60_000,
  redis: { url: redisUrl, deployment: `test-${randomUUID()}` },
});

describeStoreContract('a cache over memory, in Redis', () => openCachedMemory(throughRedis(2)));
describeStoreContract('a cache over SQLite, in Redis', () => openCachedSqlite(throughRedis(2)));
describeStoreModel('a cache over memory, in Redis', () => openCachedMemory(throughRedis(1)), { runs: 50 });

describe('what caches leave in Redis', () => {
  const deployment = `test-${randomUUID()}`;
  let redis: PlainClient;
  let folder: string;
  let path: string;
  let stores: Store[];

  beforeAll(async () => {
    redis = await plainClient();
  });
  afterAll(async () => {
    for (const key of await keys(`context-store:${deployment}*`)) await redis.command('DEL', key);
    redis.close();
  });
  beforeEach(() => {
    stores = [];
    folder = mkdtempSync(join(tmpdir(), 'context-store-'));
    path = join(folder, 'context.db');
  });
  afterEach(async () => {
    await Promise.all(stores.map((store) => store.close()));
    rmSync(folder, { recursive: true });
  });

  const keys = async (pattern: string): Promise<string[]> => (await redis.command('KEYS', pattern)) as string[];
  const pageKeys = (of = deployment): Promise<string[]> => keys(`context-store:${of}:cache:v1::*:page:*`);

  /** A process of a deployment: a cache with an empty memory that uses Redis already, and what it looked up. */
  async function openProcess(inner: Store, of = deployment) {
    const { promise: used, resolve: setUsed } = Promise.withResolvers<void>();
    const lookups: boolean[] = [];
    const store = createCachedStore({
      store: inner,
      telemetry: { ...noTelemetry, recordCacheLookup: (isHit) => lookups.push(isHit) },
      shared: createRedisLevel({
        url: redisUrl,
        deployment: of,
        onStateChange: ({ isUsed }) => void (isUsed && setUsed()),
      }),
    });
    stores.push(store);
    await used;
    return { store, lookups };
  }

  const openFile = async (): Promise<Store> => {
    const store = await createSqliteStore({ path });
    stores.push(store);
    return store;
  };

  it('is found by another process, and ends by itself', async () => {
    const plain = await openFile();
    await createWork(plain);
    await appendWork(plain, 40);
    const before = await pageKeys();
    const first = await openProcess(plain);
    await first.store.readEntries(readWork());
    await first.store.readBriefing(briefWork());
    await eventually(async () => expect(await pageKeys()).toHaveLength(before.length + 2));
    await eventually(async () => expect(await keys(`context-store:${deployment}*:totals:*`)).toHaveLength(1));
    const second = await openProcess(plain);
    expect((await second.store.readEntries(readWork())).entries).toEqual((await plain.readEntries(readWork())).entries);
    expect((await second.store.readBriefing(briefWork())).pinned).toEqual(
      (await plain.readBriefing(briefWork())).pinned,
    );
    expect(second.lookups).toEqual([true, true, true, true, true]);
    for (const key of await keys(`context-store:${deployment}*`)) {
      expect([key, await redis.command('PTTL', key)]).not.toEqual([key, -1]);
    }
  });

  it('is not seen by another deployment', async () => {
    const plain = await openFile();
    await createWork(plain);
    await appendWork(plain, 40);
    const ours = await openProcess(plain);
    await ours.store.readEntries(readWork());
    const theirs = await openProcess(plain, `${deployment}-b`);
    await theirs.store.readEntries(readWork());
    expect(theirs.lookups).toEqual([false, false]);
    await eventually(async () => expect(await pageKeys(`${deployment}-b`)).toHaveLength(2));
  });

  it.each([
    ['no JSON', () => 'garbage'],
    ['another shape', () => '{"entries":[]}'],
    ['a page too short', (text: string) => JSON.stringify([(JSON.parse(text) as unknown[][])[0]?.slice(1)])],
    ['a page too long', (text: string) => text.replace('[[[1,', `[[[1,${text.slice(5, text.indexOf(']') + 1)},[1,`)],
    ['a page of another history', (text: string) => text.replace(/(\[16,"message","planner",1,\d,)\d+/, '$11')],
    ['another page', (text: string) => text.replaceAll(/\[(\d+),"message"/g, (_, n) => `[${Number(n) + 16},"message"`)],
    ['metadata that is none', (text: string) => text.replace('{\\"index\\":3}', '[3]')],
  ])('is not believed when it is garbage: %s', async (_title, spoil: (text: string) => string) => {
    const plain = createMemoryStore();
    await createWork(plain);
    await appendWork(plain, 16);
    const before = await pageKeys();
    await (await openProcess(plain)).store.readEntries(readWork());
    await eventually(async () => expect(await pageKeys()).toHaveLength(before.length + 1));
    const key = (await pageKeys()).find((each) => !before.includes(each)) ?? '';
    const spoilt = spoil(String(await redis.command('GET', key)));
    await redis.command('SET', key, spoilt, 'PX', '60000');
    const { store, lookups } = await openProcess(plain);
    expect((await store.readEntries(readWork())).entries).toEqual((await plain.readEntries(readWork())).entries);
    expect(lookups).toEqual([false]);
    await eventually(async () => expect(await redis.command('GET', key)).not.toBe(spoilt));
  });

  it('is not taken for what a restored file holds', async () => {
    const before = await openFile();
    await createWork(before);
    await appendWork(before, 20, () => ({ content: 'in both' }));
    await before.close();
    copyFileSync(path, `${path}.dump`);
    const lost = await openFile();
    await appendWork(lost, 40, () => ({ content: 'lost' }));
    await (await openProcess(lost)).store.readEntries(readWork());
    await stores.at(-1)?.close();
    rmSync(`${path}-wal`, { force: true });
    copyFileSync(`${path}.dump`, path);
    const kept = await openFile();
    await appendWork(kept, 40, () => ({ content: 'kept' }));
    const { store, lookups } = await openProcess(kept);
    expect((await store.readEntries(readWork())).entries).toEqual((await kept.readEntries(readWork())).entries);
    expect(lookups).toEqual([true, false, false]);
  });
});
