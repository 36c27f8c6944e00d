import { setImmediate } from 'node:timers/promises';
import type { ListHandoffs, Store } from '@org/domain';
import { createSqliteStore, type SqliteStore } from '@org/store-kysely/sqlite';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { Connection } from '../../src/sqlite/connection/connection.js';
import { openConnection } from '../../src/sqlite/connection/open-connection.js';
import type { Operation } from '../../src/sqlite/operations/operation.js';
import { createOperationRunner } from '../../src/sqlite/transactions/operation-runner.js';
import { prepareOperations } from '../../src/sqlite/operations/operations.js';
import { db } from '../../src/sqlite/connection/query-builder.js';
import { appendWork, createWork, offerWork, readWork, work } from '../support/requests.js';
import { temporaryFile } from '../support/temporary-file.js';

const leaseMs = 60_000;
const { namespace } = work;
const inbox: ListHandoffs = {
  namespace,
  agent: 'reviewer',
  direction: 'inbox',
  roles: [],
  status: 'pending',
  limit: 10,
};

type AnyRead = Operation<unknown, unknown>;

/** How long to wait for what a store writes after it has answered a read. */
const storing = { timeout: 10_000, interval: 20 };

describe('leases in a SQLite file', () => {
  let store: SqliteStore;
  let other: Connection;
  let path: string;
  let remove: () => void;
  let nowMs: number;

  beforeEach(async () => {
    nowMs = 1_700_000_000_000;
    ({ path, remove } = temporaryFile());
    store = await createSqliteStore({ path, clock: () => nowMs, lockWaitMs: 100 });
    other = await openConnection(path, () => nowMs, 0);
    await store.createSession(createWork);
    await store.createHandoff(offerWork('held', { expiresInMs: 100 * leaseMs }));
    await store.claimHandoff({ namespace, agent: 'implementer', handoffId: 'held', leaseMs });
  });
  afterEach(async () => {
    other.close();
    await store.close();
    remove();
  });

  const reads: Readonly<Record<string, (of: Store) => Promise<unknown>>> = {
    readSession: (of) => of.readSession(work),
    listSessions: (of) => of.listSessions({ namespace, dormantAfterMs: 1, limit: 10 }),
    readEntries: (of) => of.readEntries(readWork()),
    readTail: (of) => of.readTail({ ...readWork(), pageSize: 16 }),
    readLogEnd: (of) => of.readLogEnd(work),
    readBriefing: (of) => of.readBriefing({ ...work, pinnedLimit: 1, newestLimit: 1, maxContentLength: 1 }),
    'markRead without a mark': (of) => of.markRead({ ...work, agent: 'reviewer' }),
    listHandoffs: (of) => of.listHandoffs(inbox),
    peekInboxes: (of) => of.peekInboxes([{ ...inbox, after: 0 }]),
    countNamespace: (of) => of.countNamespace({ namespace, limit: 10 }),
  };

  it.for(Object.entries(reads))('need no lock while they last: %s', async ([, read]) => {
    other.execute('begin immediate');
    await read(store);
    nowMs += leaseMs - 1;
    await expect(read(store)).resolves.toBeDefined();
    other.execute('commit');
  });

  it.for(Object.entries(reads))('need no lock when they have lapsed, and are stored later: %s', async ([, read]) => {
    nowMs += leaseMs;
    other.execute('begin immediate');
    for (let times = 0; times < 3; times += 1) await expect(read(store)).resolves.toBeDefined();
    expect(await store.readSession(work)).toMatchObject({ owner: 'planner', epoch: 3, updatedAtMs: nowMs });
    other.execute('commit');
    nowMs += 1000;
    await vi.waitFor(async () => {
      await store.readSession(work);
      // It lapsed at its deadline, whenever that is stored.
      expect(storedSession()).toEqual({
        owner: 'planner',
        epoch: 3,
        lease_expires_at: null,
        updated_at: nowMs - 1000,
      });
    }, storing);
  });

  it.for(Object.entries(reads))('need no write of a file that can only be read: %s', async ([, read]) => {
    nowMs += leaseMs;
    other.execute('pragma query_only = on');
    const runner = createOperationRunner(other, { path, clock: () => nowMs, lockWaitMs: 0 });
    const { readMark: markRead, ...operations } = prepareOperations(other).reads;
    const only = Object.fromEntries(
      Object.entries({ ...operations, markRead }).map(([name, operation]) => [name, runner.read(operation as AnyRead)]),
    ) as unknown as Store;
    await expect(read(only)).resolves.toBeDefined();
    expect(await only.readSession(work)).toMatchObject({ owner: 'planner', epoch: 3 });
    expect(storedSession()).toMatchObject({ owner: 'implementer', epoch: 2 });
  });

  it('are looked at once when their first deadline has passed, not by every list', async () => {
    nowMs += leaseMs - 1;
    await store.appendEntry(appendWork('alive', { agent: 'implementer' }));
    nowMs += 1;
    expect(await writes(() => store.listHandoffs(inbox))).toBe(true);
    expect(await writes(() => store.listHandoffs(inbox))).toBe(false);
    expect(await writes(() => store.peekInboxes([{ ...inbox, after: 0 }]))).toBe(false);
    nowMs += leaseMs - 1;
    expect((await store.listHandoffs(inbox)).handoffs).toMatchObject([{ handoffId: 'held' }]);
  });

  it('are not looked at while their session is closed, and again when it is opened', async () => {
    await store.updateSession({ ...work, agent: 'implementer', state: 'completed' });
    nowMs += leaseMs;
    expect(await writes(() => store.listHandoffs(inbox))).toBe(true);
    nowMs += leaseMs;
    expect(await writes(() => store.listHandoffs(inbox))).toBe(false);
    await store.updateSession({ ...work, agent: 'implementer', state: 'active' });
    expect((await store.listHandoffs(inbox)).handoffs).toEqual([]);
    nowMs += leaseMs;
    expect((await store.listHandoffs(inbox)).handoffs).toMatchObject([{ handoffId: 'held' }]);
  });

  it('are not looked at any more when the session was passed on', async () => {
    await store.createHandoff(offerWork('passed-on', { agent: 'implementer' }));
    await store.claimHandoff({ namespace, agent: 'reviewer', handoffId: 'passed-on' });
    nowMs += leaseMs;
    expect(await writes(() => store.listHandoffs(inbox))).toBe(true);
    nowMs += leaseMs;
    expect(await writes(() => store.listHandoffs(inbox))).toBe(false);
    expect((await store.readSession(work)).owner).toBe('reviewer');
  });

  it('give a place in the lists that is never given again', async () => {
    nowMs += leaseMs;
    await store.appendEntry(appendWork('given back'));
    const { handoffs, next } = await store.listHandoffs(inbox);
    expect(handoffs).toMatchObject([{ handoffId: 'held' }]);
    expect((await store.listHandoffs({ ...inbox, after: next })).handoffs).toEqual([]);
    await store.deleteSession(work);
    await store.createSession(createWork);
    await store.createHandoff(offerWork('new'));
    const fresh = await store.listHandoffs({ ...inbox, after: next });
    expect(fresh.handoffs).toMatchObject([{ handoffId: 'new' }]);
  });

  it('that lapse together by the thousand are stored a few at a time, between other calls', async () => {
    const sessions = 2000;
    const sessionKeys = Array.from({ length: sessions }, (_, index) => `session-${index}`);
    await Promise.all(
      sessionKeys.map(async (sessionKey) => {
        await store.createSession({ ...createWork, sessionKey });
        await store.createHandoff(offerWork(sessionKey, { sessionKey, expiresInMs: 100 * leaseMs }));
        await store.claimHandoff({ namespace, agent: 'implementer', handoffId: sessionKey, leaseMs });
      }),
    );
    nowMs += leaseMs;
    const stored = other.prepare(() => db.selectFrom('sessions').select('id').where('lease_expires_at', 'is', null));
    const counts: number[] = [];
    while (counts.at(-1) !== sessions + 1) {
      const { handoffs } = await store.listHandoffs(inbox);
      expect(handoffs).toHaveLength(inbox.limit);
      await setImmediate();
      counts.push(stored.all({}).length);
    }
    const steps = counts.map((count, index) => count - (counts[index - 1] ?? 0));
    expect(Math.max(...steps)).toBeLessThanOrEqual(100);
  });

  it('cost the owner no statement more for a write', () => {
    let statements = 0;
    const counting: Connection = {
      ...other,
      prepare: (build) => {
        const { get, all, run } = other.prepare(build);
        const counted =
          <Arguments, Answer>(execute: (args: Arguments) => Answer) =>
          (args: Arguments): Answer => {
            statements += 1;
            return execute(args);
          };
        return { get: counted(get), all: counted(all), run: counted(run) };
      },
    };
    const { createSession, appendEntry } = prepareOperations(counting).writes;
    createSession({ ...createWork, sessionKey: 'free' }, nowMs);
    statements = 0;
    appendEntry(appendWork('without', { sessionKey: 'free' }), nowMs);
    expect(statements).toBe(3);
    appendEntry(appendWork('with', { agent: 'implementer' }), nowMs + 1);
    expect(statements).toBe(6);
    expect(prepareOperations(counting).reads.readSession(work, nowMs).lease?.expiresAtMs).toBe(nowMs + 1 + leaseMs);
  });

  /** Whether a call wrote anything to the file. */
  async function writes(call: () => Promise<unknown>): Promise<boolean> {
    const before = other.dataVersion();
    await call();
    // What it found is stored in a later turn of the event loop.
    for (let turns = 0; turns < 10; turns += 1) await setImmediate();
    return other.dataVersion() !== before;
  }

  function storedSession(): unknown {
    return other
      .prepare(() => db.selectFrom('sessions').select(['owner', 'epoch', 'lease_expires_at', 'updated_at']))
      .get({});
  }
});
