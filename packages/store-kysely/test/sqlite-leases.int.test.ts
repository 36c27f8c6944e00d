import type { ListHandoffs, Store } from '@org/domain';
import { createSqliteStore, type SqliteStore } from '@org/store-kysely/sqlite';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Connection } from '../src/sqlite/connection.js';
import { openConnection } from '../src/sqlite/open-connection.js';
import { createOperationRunner } from '../src/sqlite/operation-runner.js';
import { prepareOperations } from '../src/sqlite/operations.js';
import { db } from '../src/sqlite/query-builder.js';
import { appendWork, createWork, offerWork, readWork, work } from './requests.js';
import { temporaryFile } from './temporary-file.js';

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

  it.for(Object.entries(reads))('are settled under the lock when they have lapsed: %s', async ([, read]) => {
    nowMs += leaseMs;
    other.execute('begin immediate');
    await expect(read(store)).rejects.toMatchObject({ code: 'STORE_UNAVAILABLE', retryable: true });
    other.execute('commit');
    await read(store);
    // As it is stored now.
    const stored = other
      .prepare(() => db.selectFrom('sessions').select(['owner', 'epoch', 'lease_expires_at']))
      .get({});
    expect(stored).toEqual({ owner: 'planner', epoch: 3, lease_expires_at: null });
  });

  it('are not settled by what was read before another process did so', async () => {
    const faster = await openConnection(path, () => nowMs, 0);
    const { claimHandoff } = prepareOperations(faster).writes;
    let meddle = (): void => {
      meddle = () => undefined;
      faster.writeTransaction(() => claimHandoff({ namespace, agent: 'reviewer', handoffId: 'held' }, nowMs));
    };
    const late: Connection = {
      ...other,
      prepare: (build) => {
        const statement = other.prepare(build);
        const get: typeof statement.get = (args) => {
          const row = statement.get(args);
          meddle();
          return row;
        };
        return { ...statement, get };
      },
    };
    const { read } = createOperationRunner(late, { path, clock: () => nowMs, lockWaitMs: 1000 });
    nowMs += leaseMs;
    const session = await read(prepareOperations(late).reads.readSession)(work);
    expect(session).toMatchObject({ owner: 'reviewer', epoch: 4, formerOwners: ['implementer', 'planner'] });
    faster.close();
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
    const { handoffs, next } = await store.listHandoffs(inbox);
    expect(handoffs).toMatchObject([{ handoffId: 'held' }]);
    expect((await store.listHandoffs({ ...inbox, after: next })).handoffs).toEqual([]);
    await store.deleteSession(work);
    await store.createSession(createWork);
    await store.createHandoff(offerWork('new'));
    const fresh = await store.listHandoffs({ ...inbox, after: next });
    expect(fresh.handoffs).toMatchObject([{ handoffId: 'new' }]);
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
    return other.dataVersion() !== before;
  }
});
