import { randomUUID } from 'node:crypto';
import { copyFileSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setImmediate } from 'node:timers/promises';
import { eventually, plainClient, redisUrl, type PlainClient } from '@org/redis-connection/testing';
import { noTelemetry, type Store } from '@org/domain';
import { createMemoryStore, describeStoreContract, describeStoreModel } from '@org/store-contract';
import { createSqliteStore } from '@org/store-kysely/sqlite';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { createCachedStore } from '../src/index.js';
import { openCachedMemory, openCachedSqlite, throughRedis, usedRedis } from './open-cached.js';
import { appendWork, briefWork, createWork, readWork, work } from './requests.js';

describeStoreContract('a cache over memory, in Redis', () => openCachedMemory(throughRedis(2)));
describeStoreContract('a cache over SQLite, in Redis', () => openCachedSqlite(throughRedis(2)));
describeStoreModel('a cache over memory, in Redis', () => openCachedMemory(throughRedis(1)), { runs: 50 });

describe('a page that caches share through Redis', () => {
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

  /** A process of a deployment: a cache with an empty memory that uses Redis, and its look-ups. */
  async function openProcess(inner: Store, of = deployment) {
    const lookups: boolean[] = [];
    const store = createCachedStore({
      store: inner,
      telemetry: { ...noTelemetry, recordCacheLookup: (isHit) => lookups.push(isHit) },
      shared: await usedRedis({ url: redisUrl, deployment: of }),
    });
    stores.push(store);
    return { store, lookups };
  }

  const openFile = async (): Promise<Store> => {
    const store = await createSqliteStore({ path });
    stores.push(store);
    return store;
  };

  it('is found by another process, and expires', async () => {
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
      const ttlMs = Number(await redis.command('PTTL', key));
      expect(ttlMs, key).toBeGreaterThan(key.includes(':page:') ? 3_000_000 : 0);
      expect(ttlMs, key).toBeLessThanOrEqual(key.includes(':totals:') ? 300_000 : 3_600_000);
    }
  });

  it('is not sent if it is large', async () => {
    const plain = createMemoryStore();
    await createWork(plain);
    await appendWork(plain, 16, () => ({ content: '🚀'.repeat(24 * 1024) }));
    const { uid } = await plain.readSession(work);
    await appendWork(plain, 16);
    const { store } = await openProcess(plain);
    await store.readEntries(readWork({ direction: 'ascending', limit: 16 }));
    // Later commands of the same connection are answered later.
    await store.readEntries(readWork({ limit: 16 }));
    await eventually(async () => expect(await keys(`context-store:${deployment}*:${uid}:*`)).toHaveLength(1));
    expect((await keys(`context-store:${deployment}*:${uid}:*`))[0]).toContain(':page:16:w.');
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
    ['a page too short', (text: string) => text.replace(/\[\[1,.*?\],\[2,/, '[[2,')],
    ['a page too long', (text: string) => text.replace(/\[(\[1,.*?\]),/, '[$1,$1,')],
    ['a page of another history', (text: string) => text.replace(/(\[16,"message","planner",1,\w+,)\d+/, '$11')],
    ['another page', (text: string) => text.replaceAll(/\[(\d+),"message"/g, (_, n) => `[${Number(n) + 16},"message"`)],
    ['metadata that is none', (text: string) => text.replace('{\\"index\\":3}', '[3]')],
  ])('is ignored when it is garbage: %s', async (_title, spoil: (text: string) => string) => {
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

  it('is ignored under the key of another session', async () => {
    // Entries of one time and one size: place and last append alone would not distinguish the logs.
    const plain = createMemoryStore({ clock: () => 1_700_000_000_000 });
    const other = { sessionKey: 'other' };
    for (const { sessionKey } of [work, other]) {
      await plain.createSession({ ...work, sessionKey, agent: 'planner', metadata: {}, ifExists: 'error' });
      await appendWork(plain, 16, () => ({ sessionKey, content: sessionKey.padEnd(9) }));
    }
    const uids = await Promise.all(
      [work, other].map(async ({ sessionKey }) => (await plain.readSession({ ...work, sessionKey })).uid),
    );
    const first = await openProcess(plain);
    for (const ref of [work, other]) await first.store.readBriefing(briefWork(ref));
    const keysOf = (uid: string | undefined): Promise<string[]> => keys(`context-store:${deployment}*:${uid}:*`);
    for (const uid of uids) await eventually(async () => expect(await keysOf(uid)).toHaveLength(2));
    for (const key of await keysOf(uids[0])) {
      const foreign = await redis.command('GET', key.replace(uids[0] ?? '', uids[1] ?? ''));
      await redis.command('SET', key, String(foreign), 'PX', '60000');
    }
    const { store, lookups } = await openProcess(plain);
    const { pinned, newest } = await plain.readBriefing(briefWork());
    expect(await store.readBriefing(briefWork())).toMatchObject({ pinned, newest });
    expect(lookups).toEqual([false, false]);
  });

  it('is in use until the store is closed, and the metric shows it', async () => {
    const links = new Map<() => boolean | undefined, string>();
    const store = createCachedStore({
      store: createMemoryStore(),
      telemetry: {
        ...noTelemetry,
        observeLink: (link, isUp) => {
          links.set(isUp, link);
          return () => links.delete(isUp);
        },
      },
      shared: await usedRedis({ url: redisUrl, deployment }),
    });
    expect([...links].map(([isUp, link]) => [link, isUp()])).toEqual([['cache', true]]);
    await store.close();
    expect(links.size).toBe(0);
  });

  it('is still used after this process was too busy to read answers', async () => {
    const plain = createMemoryStore();
    await createWork(plain);
    await appendWork(plain, 16);
    const before = await pageKeys();
    await (await openProcess(plain)).store.readEntries(readWork());
    await eventually(async () => expect(await pageKeys()).toHaveLength(before.length + 1));
    await eventually(async () => {
      const { store, lookups } = await openProcess(plain);
      const reading = store.readEntries(readWork());
      await setImmediate();
      const stopped = new Int32Array(new SharedArrayBuffer(4));
      Atomics.wait(stopped, 0, 0, 100);
      await reading;
      expect(lookups).toEqual([true]);
    });
  });

  it('is not used for a file that was restored from a copy', async () => {
    const before = await openFile();
    await createWork(before);
    await appendWork(before, 20, () => ({ content: 'in both' }));
    await before.close();
    copyFileSync(path, `${path}.dump`);
    const lost = await openFile();
    await appendWork(lost, 40, () => ({ content: 'lost' }));
    const pages = (await pageKeys()).length;
    await (await openProcess(lost)).store.readEntries(readWork());
    // Closing does not wait until Redis has the pages.
    await eventually(async () => expect(await pageKeys()).toHaveLength(pages + 3));
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
