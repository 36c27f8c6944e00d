import { copyFileSync, existsSync, mkdirSync, readdirSync, renameSync, rmSync, statSync, symlinkSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { ContextStoreError, type Store } from '@org/domain';
import { createSqliteBus, createSqliteStore, type SqliteFileState, type SqliteStore } from '@org/store-kysely/sqlite';
import Sqlite from 'better-sqlite3';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { createConnection } from '../../src/sqlite/connection/connection.js';
import { createGroupCommit } from '../../src/sqlite/transactions/group-commit.js';
import { expectTrouble } from '../support/expect-trouble.js';
import { forkStore } from '../support/fork-store.js';
import { appendWork, createWork, offerWork, readWork, upTo, work } from '../support/requests.js';
import { temporaryFile } from '../support/temporary-file.js';

const patience = { timeout: 15_000 };

describe('when the files of an open SQLite store', () => {
  let path: string;
  let remove: () => void;
  let store: SqliteStore;
  let states: SqliteFileState[];
  const opened: Store[] = [];

  beforeEach(async () => {
    ({ path, remove } = temporaryFile());
    states = [];
    store = await open();
    await store.createSession(createWork);
    await store.appendEntry(appendWork('before'));
  });
  afterEach(async () => {
    await Promise.all(opened.splice(0).map((each) => each.close()));
    remove();
  });

  async function open(file = path): Promise<SqliteStore> {
    const one = await createSqliteStore({ path: file, onStateChange: (state) => states.push(state) });
    opened.push(one);
    return one;
  }

  /** Restores a backup as the documentation describes. */
  function backUp(): string {
    const backup = join(dirname(path), 'backup.db');
    const database = new Sqlite(path);
    database.prepare('vacuum into ?').run(backup);
    database.close();
    return backup;
  }

  const contents = async (from: Store): Promise<string[]> =>
    (await from.readEntries(readWork())).entries.map(({ content }) => content);

  /** Repeats a call whose error says that nothing was written, as callers do. */
  const retried = <T>(call: () => Promise<T>): Promise<T> =>
    vi
      .waitUntil(async () => {
        try {
          return { value: await call() };
        } catch (error) {
          if (error instanceof ContextStoreError && error.code === 'STORE_UNAVAILABLE') return undefined;
          throw error;
        }
      }, patience)
      .then((done) => done?.value as T);

  const sidecars = (): string[] => ['-wal', '-shm'].map((suffix) => `${path}${suffix}`);
  const all = (): string[] => [path, ...sidecars()];

  it('are removed, every call says so, and no empty file takes their place', async () => {
    for (const file of all()) rmSync(file);
    await expectTrouble(
      store.appendEntry(appendWork('lost')),
      /context\.db was removed .*(Nothing was written|It may have been carried out)/,
    );
    await expectTrouble(store.readSession(work), /context\.db was removed/);
    await expectTrouble(store.ping(), /context\.db was removed/);
    await expectTrouble(store.createSession({ ...createWork, sessionKey: 'other' }), /context\.db was removed/);
    expect(readdirSync(dirname(path))).toEqual([]);
    expect(states).toEqual([{ isOpen: false, reason: expect.stringMatching(/was removed/) as string }]);
  });

  it('are removed and a backup is put in their place, the store goes on with the backup', async () => {
    const backup = backUp();
    await store.appendEntry(appendWork('after the backup'));
    for (const file of all()) rmSync(file);
    await expectTrouble(store.appendEntry(appendWork('lost')), /was removed/);
    copyFileSync(backup, path);

    expect(await retried(() => store.appendEntry(appendWork('on the backup')))).toMatchObject({ sequence: 2 });
    expect(await contents(await open())).toEqual(['before', 'on the backup']);
    expect(states.at(-1)).toEqual({ isOpen: true });
  });

  it('are replaced as the documentation says to restore, but while the store is open, it goes on with the backup', async () => {
    const backup = backUp();
    await store.appendEntry(appendWork('after the backup'));
    for (const file of all()) rmSync(file);
    copyFileSync(backup, path);
    const other = await open();
    await other.appendEntry(appendWork('by another'));

    expect(await retried(() => contents(store))).toEqual(['before', 'by another']);
    await store.appendEntry(appendWork('by this one'));
    expect(await contents(other)).toEqual(['before', 'by another', 'by this one']);
  });

  it('are renamed over, the log of the old file is not taken for a part of the new one', async () => {
    const backup = backUp();
    await store.appendEntry(appendWork('after the backup'));
    const kept = join(dirname(path), 'kept.db');
    renameSync(path, kept);
    renameSync(backup, path);

    expect(await retried(() => contents(store))).toEqual(['before']);
    await store.appendEntry(appendWork('on the backup'));
    expect(await contents(await open())).toEqual(['before', 'on the backup']);
    expect(await contents(await open(kept))).toEqual(['before', 'after the backup']);
  });

  it('are renamed over, a process that opens the new file waits until the log of the old one is gone', async () => {
    const backup = backUp();
    const old = forkStore(path);
    await old.store.appendEntry(appendWork('after the backup'));
    renameSync(backup, path);

    const other = await open();
    await other.appendEntry(appendWork('on the backup'));
    expect(await retried(() => contents(old.store))).toEqual(['before', 'on the backup']);
    expect(await retried(() => contents(store))).toEqual(['before', 'on the backup']);
    await old.end();
  });

  it('are moved with their folder, calls fail until it is back', async () => {
    const folder = dirname(path);
    const elsewhere = `${folder}-moved`;
    renameSync(folder, elsewhere);
    await expectTrouble(store.readSession(work), /was removed or moved/);
    await expectTrouble(store.appendEntry(appendWork('lost')), /was removed or moved/);
    const other = forkStore(join(elsewhere, 'context.db'));
    await other.store.appendEntry(appendWork('elsewhere'));
    mkdirSync(folder);
    await expectTrouble(store.readSession(work), /was removed or moved/);
    await other.end();
    renameSync(elsewhere, folder);

    expect(await retried(() => store.appendEntry(appendWork('back')))).toMatchObject({ sequence: 3 });
    expect(await contents(store)).toEqual(['before', 'elsewhere', 'back']);
  });

  it('are named by a link that leads to another file now, the store follows it', async () => {
    const link = join(dirname(path), 'link.db');
    symlinkSync(path, link);
    const linked = await open(link);
    const target = backUp();
    await linked.appendEntry(appendWork('by the link'));
    rmSync(link);
    symlinkSync(target, link);

    expect(await retried(() => contents(linked))).toEqual(['before']);
    expect(await contents(store)).toEqual(['before', 'by the link']);
    await linked.appendEntry(appendWork('elsewhere'));
    expect(await contents(store)).toEqual(['before', 'by the link']);
  });

  it.for(['-shm', '-wal', '-wal -shm'])('lack %s, two processes go on with one log', async (suffixes) => {
    const other = forkStore(path);
    const acknowledged = new Map<number, string>();
    const append = async (one: Store, content: string): Promise<void> => {
      const { sequence } = await retried(() => one.appendEntry(appendWork(content)));
      expect(acknowledged.has(sequence)).toBe(false);
      acknowledged.set(sequence, content);
    };
    for (let turn = 0; turn < 3; turn += 1) {
      await append(other.store, `other ${turn}`);
      for (const suffix of suffixes.split(' ')) rmSync(`${path}${suffix}`);
      await append(store, `this ${turn}`);
      const third = await retried(() => open());
      await Promise.all([append(store, `both ${turn}`), append(other.store, `both too ${turn}`)]);
      await append(third, `third ${turn}`);
    }
    expect([...acknowledged.keys()].toSorted((a, b) => a - b)).toEqual(upTo(16).slice(1));
    for (const reader of [store, other.store]) {
      const { entries } = await reader.readEntries(readWork());
      for (const { sequence, content } of entries.slice(1)) expect(content).toBe(acknowledged.get(sequence));
      expect(entries).toHaveLength(16);
    }
    const database = new Sqlite(path);
    expect(database.pragma('integrity_check')).toEqual([{ integrity_check: 'ok' }]);
    database.close();
    await other.end();
  });

  it('are replaced, one offer is not accepted by two agents', async () => {
    await store.createHandoff(offerWork('offer'));
    const backup = backUp();
    for (const file of all()) rmSync(file);
    copyFileSync(backup, path);
    const other = forkStore(path);
    const claim = (agent: string) => ({ namespace: work.namespace, handoffId: 'offer', agent });
    const outcomes = await Promise.allSettled([
      retried(() => store.claimHandoff(claim('first'))),
      retried(() => other.store.claimHandoff(claim('second'))),
    ]);
    expect(outcomes.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
    await other.end();
  });

  it('are replaced while writes wait, none is acknowledged afterwards that is not in the new file', async () => {
    const backup = backUp();
    const acknowledged: string[] = [];
    const writes = Array.from({ length: 2000 }, async (_, index) => {
      await store.appendEntry(appendWork(`${index}`));
      acknowledged.push(`${index}`);
    });
    await writes[0];
    for (const file of all()) rmSync(file);
    copyFileSync(backup, path);
    const before = acknowledged.length;
    expect(before).toBeLessThan(2000);

    const failed = (await Promise.allSettled(writes)).filter(({ status }) => status === 'rejected');
    expect(failed.length).toBeGreaterThan(0);
    for (const each of failed) expect(each).toMatchObject({ reason: { code: 'STORE_UNAVAILABLE', retryable: true } });
    expect(await retried(() => contents(store))).toEqual(['before', ...acknowledged.slice(before)]);
  });

  it('are replaced during a commit, its writes are not acknowledged, nor repeated', async () => {
    let looks = 0;
    const files = {
      findChange: () => {
        looks += 1;
        return looks === 1 ? undefined : 'context.db was removed or moved';
      },
      look: () => ({ main: 'missing', wal: 'missing', shm: 'missing' }) as const,
      pathOf: () => path,
    };
    const database = new Sqlite(path);
    const { write } = createGroupCommit(createConnection({ database, files }), 1000);
    let runs = 0;
    const count = () => {
      runs += 1;
    };
    const lost = /removed or moved while it was open. It may have been carried out.*idempotencyKey/;
    const [first, second] = [write(count), write(count)];
    await expectTrouble(first, lost);
    await expectTrouble(second, lost);
    await expectTrouble(write(count), /Nothing was written/);
    expect(runs).toBe(2);
    database.close();
  });

  it('are replaced, the bus tells that something changed', async () => {
    const bus = createSqliteBus({ store, pollIntervalMs: 1 });
    let isTold = false;
    bus.subscribe(() => {
      isTold = true;
    });
    await setTimeout(10);
    expect(isTold).toBe(false);
    const backup = backUp();
    renameSync(backup, path);
    await vi.waitUntil(() => isTold, patience);
    await bus.close();
  });

  it('are replaced, an idle store lets go of the old ones and leaves those of other processes alone', async () => {
    const backup = backUp();
    for (const file of all()) rmSync(file);
    copyFileSync(backup, path);
    const other = forkStore(path);
    await other.store.appendEntry(appendWork('by another'));
    const before = sidecars().map((file) => statSync(file).ino);
    await vi.waitUntil(() => states.at(-1)?.isOpen === true, patience);
    expect(sidecars().map((file) => statSync(file).ino)).toEqual(before);
    expect(await contents(store)).toEqual(['before', 'by another']);
    await other.end();
    expect(await contents(store)).toEqual(['before', 'by another']);
  });

  it('are gone but for the log, a process that starts does not begin with an empty file', async () => {
    rmSync(path);
    await expect(open()).rejects.toMatchObject({
      code: 'STORE_UNAVAILABLE',
      retryable: false,
      message: expect.stringMatching(/context\.db is missing.*context\.db-wal/) as string,
    });
    expect(existsSync(path)).toBe(false);
  });
});
