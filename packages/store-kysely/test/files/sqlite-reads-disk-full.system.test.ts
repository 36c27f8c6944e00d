import { execFile } from 'node:child_process';
import { appendFileSync } from 'node:fs';
import { mkdtemp, rm, rmdir } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { createSqliteStore, type SqliteStore } from '@org/store-kysely/sqlite';
import { afterAll, beforeAll, expect, it, vi } from 'vitest';
import { appendWork, createWork, offerWork, readWork, work } from '../support/requests.js';

const run = promisify(execFile);
const { namespace } = work;
const leaseMs = 60_000;
const inbox = { namespace, agent: 'reviewer', direction: 'inbox', roles: [], status: 'pending', limit: 10 } as const;

/** A disk that can be filled without harm to others. */
let disk: string;
let store: SqliteStore;
let nowMs = 1_700_000_000_000;

beforeAll(async () => {
  disk = await mkdtemp(join(tmpdir(), 'small-disk-'));
  await run('mount', ['-t', 'tmpfs', '-o', 'size=4m,mode=700', 'tmpfs', disk]);
  store = await createSqliteStore({ path: join(disk, 'store.db'), clock: () => nowMs });
});

afterAll(async () => {
  await store.close();
  await run('umount', [disk]);
  await rmdir(disk);
});

it('a full disk keeps no read from showing what lapsed, which is stored once there is room', async () => {
  await store.createSession(createWork);
  await store.createHandoff(offerWork('expired', { expiresInMs: 1 }));
  await store.createHandoff(offerWork('held', { expiresInMs: 100 * leaseMs }));
  await store.claimHandoff({ namespace, agent: 'implementer', handoffId: 'held', leaseMs });
  const ballast = join(disk, 'ballast');
  expect(() => {
    for (;;) appendFileSync(ballast, Buffer.alloc(4096));
  }).toThrow(/ENOSPC/);
  nowMs += leaseMs;

  for (let round = 0; round < 3; round += 1) {
    expect(await store.readSession(work)).toMatchObject({ owner: 'planner', epoch: 3 });
    const sessions = { namespace, dormantAfterMs: 1, limit: 10, owner: 'planner' };
    expect((await store.listSessions(sessions)).sessions).toHaveLength(1);
    expect(await store.readEntries(readWork())).toMatchObject({ session: { owner: 'planner' } });
    expect(await store.readTail({ ...readWork(), pageSize: 16 })).toMatchObject({ session: { owner: 'planner' } });
    const briefing = { ...work, pinnedLimit: 1, newestLimit: 1, maxContentLength: 1 };
    expect(await store.readBriefing(briefing)).toMatchObject({ session: { owner: 'planner' } });
    expect(await store.markRead({ ...work, agent: 'reviewer' })).toEqual({ sequence: 0, lastSequence: 0 });
    expect((await store.listHandoffs(inbox)).handoffs).toMatchObject([{ handoffId: 'held', status: 'pending' }]);
    expect(await store.peekInboxes([{ ...inbox, after: 0 }])).toEqual([true]);
    expect(await store.countNamespace({ namespace, limit: 10 })).toEqual({ sessions: 1, pendingHandoffs: 1 });
  }
  // The log of writes may have a few pages left.
  const fill = async (): Promise<void> => {
    for (;;) await store.appendEntry(appendWork('x'.repeat(10_000)));
  };
  await expect(fill()).rejects.toMatchObject({ code: 'STORE_UNAVAILABLE' });
  expect(await store.readSession(work)).toMatchObject({ owner: 'planner', epoch: 3 });

  await rm(ballast);
  await vi.waitFor(
    async () => {
      const { next } = await store.listHandoffs(inbox);
      expect((await store.listHandoffs({ ...inbox, after: next })).handoffs).toEqual([]);
    },
    { timeout: 20_000, interval: 50 },
  );
});
