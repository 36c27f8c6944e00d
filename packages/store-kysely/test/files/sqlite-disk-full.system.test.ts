import { execFile } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { mkdtemp, rm, rmdir, stat, statfs, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import type { Store } from '@org/domain';
import { createSqliteStore } from '@org/store-kysely/sqlite';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { expectTrouble } from '../support/expect-trouble.js';
import { appendWork, createWork, readWork, upTo, work } from '../support/requests.js';

const run = promisify(execFile);

const diskBytes = 12 * 1024 * 1024;

describe('a SQLite store on a small disk', () => {
  let disk: string;
  let path: string;
  let ballast: string;
  let store: Store;

  beforeEach(async () => {
    disk = await mkdtemp(join(tmpdir(), 'small-disk-'));
    await run('mount', ['-t', 'tmpfs', '-o', `size=${diskBytes},mode=700`, 'tmpfs', disk]);
    path = join(disk, 'context.db');
    ballast = join(disk, 'ballast');
    store = await createSqliteStore({ path });
    await store.createSession(createWork);
  });
  afterEach(async () => {
    await store.close();
    await run('umount', [disk]);
    await rmdir(disk);
  });

  const bytesOf = async (file: string): Promise<number> => (await stat(file)).size;

  /** Takes what is free, but for some bytes. */
  async function leaveFree(freeBytes: number): Promise<void> {
    const { bavail, bsize } = await statfs(disk);
    await writeFile(ballast, Buffer.alloc(bavail * bsize - freeBytes));
  }

  /** Appends until there is no room. @returns how many entries the log has then */
  async function fill(contentBytes: number, together = 1): Promise<number> {
    const append = (): Promise<unknown> => store.appendEntry(appendWork(randomBytes(contentBytes).toString('latin1')));
    const fillUp = async (): Promise<void> => {
      for (;;) await Promise.all(Array.from({ length: together }, append));
    };
    await expectTrouble(fillUp(), /the disk is full\. Free some space\. Nothing was written/);
    return (await store.readSession(work)).lastSequence;
  }

  it('fills it with what was recorded, not with the log of writes', async () => {
    const last = await fill(500);
    expect(await bytesOf(path)).toBeGreaterThan(0.9 * diskBytes);
    const { entries } = await store.readEntries(readWork(last - 100));
    expect(entries.map(({ sequence }) => sequence)).toEqual(upTo(last).slice(-100));
  });

  it('writes on where nothing grows: the log makes its own room', async () => {
    await store.appendEntry(appendWork(randomBytes(100_000).toString('latin1')));
    await store.close();
    store = await createSqliteStore({ path });
    const update = async (times: number): Promise<void> => {
      for (let version = 1; version <= times; version += 1) {
        await store.updateSession({ ...work, agent: 'planner', title: `version ${version}` });
      }
    };
    await update(10);
    await leaveFree(0);
    await update(1000);
    expect(await store.readSession(work)).toMatchObject({ title: 'version 1000' });
  });

  it.for([
    { contentBytes: 500, together: 1 },
    { contentBytes: 50_000, together: 1 },
    { contentBytes: 50_000, together: 40 },
  ])('goes on once there is room again, after $together times $contentBytes bytes', async (entry) => {
    const { contentBytes, together } = entry;
    await leaveFree(6 * 1024 * 1024);
    const last = await fill(contentBytes, together);
    await expectTrouble(store.appendEntry(appendWork(randomBytes(100_000).toString('latin1'))), /disk is full/);
    await rm(ballast);
    expect(await store.appendEntry(appendWork('after'))).toMatchObject({ sequence: last + 1 });
  });

  it('does so after another program took all the room at once, and after a restart', async () => {
    await store.appendEntry(appendWork('before'));
    await leaveFree(0);
    await fill(500);
    await store.close();
    store = await createSqliteStore({ path });
    await expectTrouble(store.appendEntry(appendWork(randomBytes(100_000).toString('latin1'))), /disk is full/);
    await rm(ballast);
    const { lastSequence } = await store.readSession(work);
    expect(await store.appendEntry(appendWork('after'))).toMatchObject({ sequence: lastSequence + 1 });
  });
});
