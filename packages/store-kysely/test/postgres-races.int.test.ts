import { setTimeout } from 'node:timers/promises';
import type { Store } from '@org/domain';
import { createPostgresStore } from '@org/store-kysely/postgres';
import { Client } from 'pg';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { appendWork, createWork, offerWork, readWork, upTo, work } from './requests.js';
import { temporaryDatabase, type TemporaryDatabase } from '@org/store-kysely/testing';

describe.each([
  { isolation: 'read committed', transactionPooler: false },
  // Behind a pooler, a store can ask for no other than the database's own.
  { isolation: 'serializable', transactionPooler: true },
])('two PostgreSQL stores on one database, $isolation by default', ({ isolation, transactionPooler }) => {
  let database: TemporaryDatabase;
  let stores: [Store, Store];
  /** Another user of the database, who may hold locks. */
  let other: Client;

  beforeEach(async () => {
    database = await temporaryDatabase();
    const { url } = database;
    const name = new URL(url).pathname.slice(1);
    await database.query(`alter database ${name} set default_transaction_isolation = '${isolation}'`);
    const open = (): Promise<Store> => createPostgresStore({ url, transactionPooler });
    stores = [await open(), await open()];
    other = new Client({ connectionString: url });
    await other.connect();
    await stores[0].createSession(createWork);
  });
  afterEach(async () => {
    await other.end();
    await Promise.all(stores.map((store) => store.close()));
    await database.drop();
  });

  /** Holds the session's row while `start` runs into it, changes it, and lets go. */
  async function whileLocked<Answer>(
    start: () => Promise<Answer>,
    change: string,
  ): Promise<PromiseSettledResult<Answer>> {
    await other.query('begin');
    await other.query('select from sessions for update');
    const settled = Promise.allSettled([start()]);
    await waitForWaiters(1);
    await other.query(change);
    await other.query('commit');
    const [outcome] = await settled;
    return outcome;
  }

  async function waitForWaiters(count: number): Promise<void> {
    for (;;) {
      const waiting = await database.query(
        `select from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'`,
      );
      if (waiting.length >= count) return;
      await setTimeout(5);
    }
  }

  const reason = (code: string): unknown => ({
    status: 'rejected',
    reason: expect.objectContaining({ code }) as unknown,
  });

  it('fence an append out that waited while ownership moved', async () => {
    const outcome = await whileLocked(
      () => stores[0].appendEntry(appendWork('late')),
      `update sessions set owner = 'implementer', epoch = 2, version = version + 1`,
    );
    expect(outcome).toEqual(reason('NOT_A_PARTICIPANT'));
    expect((await stores[0].readEntries(readWork())).entries).toEqual([]);
  });

  it('look at the clock after the wait for a lock', async () => {
    const ttlMs = 300;
    await stores[0].updateSession({ ...work, agent: 'planner', ttlMs });
    const outcome = await whileLocked(() => stores[0].appendEntry(appendWork('late')), `select pg_sleep(0.5)`);
    expect(outcome).toEqual(reason('SESSION_EXPIRED'));
    const lapsing = { ...work, sessionKey: 'lapsing' };
    await stores[0].createSession({ ...createWork, ...lapsing });
    await stores[0].createHandoff({ ...offerWork('lapsing'), ...lapsing, expiresInMs: ttlMs });
    const claimed = await whileLocked(
      () => stores[0].claimHandoff({ namespace: work.namespace, agent: 'implementer', handoffId: 'lapsing' }),
      `select pg_sleep(0.5)`,
    );
    expect(claimed).toEqual(reason('HANDOFF_EXPIRED'));
  });

  it('list what is offered without a wait for whoever holds an offer that lapsed', async () => {
    await stores[0].createHandoff({ ...offerWork('lapsed'), expiresInMs: 1 });
    await setTimeout(5);
    await other.query('begin');
    await other.query('select from handoffs for update');
    const { handoffs } = await stores[0].listHandoffs({
      namespace: work.namespace,
      agent: 'implementer',
      direction: 'inbox',
      roles: [],
      status: 'pending',
      limit: 5,
    });
    expect(handoffs).toEqual([]);
    await other.query('commit');
  });

  it('refuse a claim that waited while its offer lapsed and was marked as such', async () => {
    await stores[0].createHandoff({ ...offerWork('lapsing'), expiresInMs: 300 });
    const claimed = await whileLocked(
      () => stores[0].claimHandoff({ namespace: work.namespace, agent: 'implementer', handoffId: 'lapsing' }),
      `select pg_sleep(0.5); update handoffs set status = 'expired'`,
    );
    expect(claimed).toEqual(reason('HANDOFF_EXPIRED'));
  });

  it('decide an update anew when the session changed while it waited', async () => {
    const outcome = await whileLocked(
      () => stores[0].updateSession({ ...work, agent: 'planner', title: 'late' }),
      `update sessions set title = 'first', metadata = '{"kept":1}', version = version + 1`,
    );
    expect(outcome).toMatchObject({ value: { session: { title: 'late', metadata: { kept: 1 }, version: 3 } } });
  });

  it('never deadlock over the sessions of two batches', async () => {
    const keys = Array.from({ length: 20 }, (_, index) => `session-${index}`);
    await Promise.all(keys.map((sessionKey) => stores[0].createSession({ ...createWork, sessionKey })));
    for (let round = 0; round < 10; round += 1) {
      await Promise.all(
        stores.flatMap((store, index) =>
          (index === 0 ? keys : keys.toReversed()).map((sessionKey) =>
            store.appendEntry(appendWork('note', { sessionKey })),
          ),
        ),
      );
    }
    const [deadlocks] = await database.query(
      'select deadlocks from pg_stat_database where datname = current_database()',
    );
    expect(deadlocks).toEqual({ deadlocks: '0' });
    for (const sessionKey of keys) {
      const { entries } = await stores[0].readEntries({ ...readWork(), sessionKey });
      expect(entries.map(({ sequence }) => sequence)).toEqual(upTo(20));
    }
  });

  it('write an append once that both are given at once', async () => {
    for (let round = 0; round < 10; round += 1) {
      const idempotency = { key: `k${round}`, tool: 'appendContext', requestHash: 'hash' };
      const outcomes = await Promise.all(
        stores.flatMap((store) => [
          store.appendEntry(appendWork('note', { idempotency })),
          store.appendEntry(appendWork('note', { idempotency })),
          store.appendEntry(appendWork('beside')),
        ]),
      );
      const keyed = outcomes.filter((_, index) => index % 3 < 2);
      expect(keyed.filter(({ replayed }) => !replayed)).toHaveLength(1);
      expect(new Set(keyed.map(({ sequence }) => sequence)).size).toBe(1);
    }
    const { entries } = await stores[0].readEntries(readWork());
    expect(entries.map(({ sequence }) => sequence)).toEqual(upTo(30));
  });

  it('let one of many acceptors win, and cancel every other offer', async () => {
    const { namespace } = work;
    const ids = ['a', 'b', 'c', 'd'];
    await Promise.all(ids.map((id) => stores[0].createHandoff(offerWork(id))));
    const claims = await Promise.allSettled(
      stores.flatMap((store, index) =>
        ids.map((handoffId) => store.claimHandoff({ namespace, handoffId, agent: `agent-${handoffId}-${index}` })),
      ),
    );
    expect(claims.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
    const { handoffs } = await stores[1].listHandoffs({
      namespace,
      agent: 'planner',
      direction: 'outbox',
      roles: [],
      limit: 9,
    });
    expect(handoffs.map(({ status }) => status).toSorted()).toEqual([
      'accepted',
      'cancelled',
      'cancelled',
      'cancelled',
    ]);
    expect(await stores[0].readSession(work)).toMatchObject({ epoch: 2 });
  });

  it('let a bad append in a batch fail alone', async () => {
    const outcomes = await Promise.allSettled(
      Array.from({ length: 20 }, (_, index) =>
        stores[0].appendEntry(appendWork(`${index}`, index === 7 ? { contentBytes: 0.5 } : {})),
      ),
    );
    expect(outcomes.map(({ status }) => status).indexOf('rejected')).toBe(7);
    expect(outcomes.filter(({ status }) => status === 'rejected')).toHaveLength(1);
    expect(outcomes[7]).toMatchObject({
      reason: { code: 'INTERNAL_ERROR', message: expect.not.stringMatching(/syntax|bigint/i) as string },
    });
    const { entries } = await stores[0].readEntries(readWork());
    expect(entries.map(({ sequence }) => sequence)).toEqual(upTo(19));
  });

  it('say that an outcome is unknown when the connection breaks, and go on with a new one', async () => {
    const outcome = await whileLocked(
      () => stores[0].appendEntry(appendWork('lost')),
      `select pg_terminate_backend(pid) from pg_stat_activity where datname = current_database() and pid <> pg_backend_pid()`,
    );
    expect(outcome).toEqual(reason('STORE_UNAVAILABLE'));
    expect(await stores[0].appendEntry(appendWork('next'))).toMatchObject({ sequence: 1 });
    expect(await stores[1].readSession(work)).toMatchObject({ lastSequence: 1 });
  });

  it('refuse what no longer fits in line', async () => {
    const { url } = database;
    const narrow = await createPostgresStore({ url, poolSize: 1, maxWaiting: 3 });
    const reads = await Promise.allSettled(Array.from({ length: 12 }, () => narrow.readSession(work)));
    expect(reads.filter(({ status }) => status === 'fulfilled').length).toBeGreaterThanOrEqual(4);
    expect(reads.filter(({ status }) => status === 'rejected')).toContainEqual(reason('OVERLOADED'));
    await narrow.close();
  });
});
