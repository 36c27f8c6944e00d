import { setTimeout } from 'node:timers/promises';
import type { AppendEntry, Store, UpdateSession } from '@org/domain';
import { createPostgresStore } from '@org/store-kysely/postgres';
import { Client } from 'pg';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { appendWork, createWork, offerWork, readWork, upTo, work } from '../support/requests.js';
import { temporaryDatabase, type TemporaryDatabase } from '@org/store-kysely/testing';

const renameWork: UpdateSession = { ...work, agent: 'planner', title: 'late' };

describe.each(['read committed', 'serializable'])('two stores on a PostgreSQL database, %s by default', (isolation) => {
  let database: TemporaryDatabase;
  let stores: [Store, Store];
  /** Another user of the database, who may hold locks. */
  let other: Client;

  beforeAll(async () => {
    database = await temporaryDatabase();
    const { url } = database;
    const name = new URL(url).pathname.slice(1);
    await database.query(`alter database ${name} set default_transaction_isolation = '${isolation}'`);
    const open = (): Promise<Store> => createPostgresStore({ url });
    stores = [await open(), await open()];
    other = new Client({ connectionString: url });
    await other.connect();
  });
  beforeEach(async () => {
    await database.query('truncate sessions cascade');
    await stores[0].createSession(createWork);
  });
  afterAll(async () => {
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

  /** Of the handoffs that an agent has requested, oldest first. */
  async function statusesOf(agent: string): Promise<string[]> {
    const outbox = { namespace: work.namespace, agent, direction: 'outbox', roles: [], limit: 9 } as const;
    return (await stores[1].listHandoffs(outbox)).handoffs.map(({ status }) => status);
  }

  const reason = (code: string): unknown => ({
    status: 'rejected',
    reason: expect.objectContaining({ code }) as unknown,
  });

  const claim = (store: Store): Promise<unknown> =>
    store.claimHandoff({ namespace: work.namespace, handoffId: 'offer', agent: 'implementer' });
  const cancel = (store: Store): Promise<unknown> =>
    store.resolveHandoff({ namespace: work.namespace, handoffId: 'offer', agent: 'planner', outcome: 'cancelled' });
  const append =
    (request?: Partial<AppendEntry>) =>
    (store: Store): Promise<unknown> =>
      store.appendEntry(appendWork('late', request));

  it.each([
    ['a read mark', (store: Store) => store.markRead({ ...work, agent: 'a', sequence: 0 })],
    ['an append', (store: Store) => store.appendEntry(appendWork('late'))],
    ['an offer', (store: Store) => store.createHandoff(offerWork('late'))],
  ])(
    'refuse %s that waits for the session while it is deleted',
    async (_, write: (store: Store) => Promise<unknown>) => {
      const late = await whileLocked(() => write(stores[0]), 'delete from sessions');
      expect(late).toMatchObject({ status: 'rejected', reason: { code: 'SESSION_NOT_FOUND' } });
    },
  );

  it.for([
    ['a former owner', append(), `update sessions set owner = 'implementer', epoch = 2`, 'NOT_A_PARTICIPANT'],
    ['an old epoch', append({ epoch: 1 }), `update sessions set epoch = 2`, 'OWNERSHIP_LOST'],
    ['a closed session', append(), `update sessions set state = 'completed'`, 'SESSION_NOT_ACTIVE'],
    ['a log that grew', append({ expectedSequence: 0 }), `update sessions set last_sequence = 1`, 'SEQUENCE_CONFLICT'],
    ['an offer that was rejected', claim, `update handoffs set status = 'rejected'`, 'HANDOFF_NOT_PENDING'],
    ['a handoff that was rejected', cancel, `update handoffs set status = 'rejected'`, 'HANDOFF_NOT_PENDING'],
  ] as const)('fence out what waited for a lock: %s', async ([, call, change, code]) => {
    await stores[0].createHandoff(offerWork('offer'));
    expect(await whileLocked(() => call(stores[0]), change)).toEqual(reason(code));
    expect((await stores[0].readEntries(readWork())).entries).toEqual([]);
  });

  /** Lets an agent ask for the session, of an owner that wrote long ago, and take it while the row is locked. */
  async function takeWhileLocked(change: string): Promise<PromiseSettledResult<unknown>> {
    const request = { requestType: 'take_over', takeOverBy: 'namespace', agent: 'rescuer' } as const;
    await stores[0].createHandoff(offerWork('take', request));
    await database.query(`update handoffs set created_at = created_at - interval '1 hour'`);
    await database.query(`update sessions set owner_wrote_at = owner_wrote_at - interval '1 hour'`);
    const take = { namespace: work.namespace, handoffId: 'take', agent: 'rescuer' };
    return whileLocked(() => stores[0].claimHandoff(take), change);
  }

  it('refuse a take-over if the owner writes while it waits for the lock', async () => {
    const late = await takeWhileLocked(`update sessions set owner_wrote_at = clock_timestamp()`);
    expect(late).toEqual(reason('TAKE_OVER_TOO_EARLY'));
    expect(await stores[0].readSession(work)).toMatchObject({ owner: 'planner', epoch: 1, lastSequence: 0 });
  });

  it('write of a take-over what was appended while it waited for the lock', async () => {
    await stores[0].appendEntry(appendWork('first'));
    const taken = await takeWhileLocked(`
      insert into context_history select session_id, 2, context_type, agent, epoch, pinned, created_at, content_bytes,
        estimated_tokens, 2, 0, null, null, metadata, 'second' from context_history;
      update sessions set last_sequence = 2, owner_last_sequence = 2, estimated_tokens = 4`);
    expect(taken).toMatchObject({ value: { handoff: { tookOver: { lastSequence: 2 }, uptoSequence: 3 } } });
    const { entries } = await stores[0].readEntries(readWork());
    expect(entries.map(({ content }) => content)).toEqual([
      'first',
      'second',
      expect.stringMatching(/its newest entry is 2\.$/),
    ]);
  });

  // Each lapses after the statement began, and before it has its lock: by as much as the store's clock may be rounded.
  const lapse = `clock_timestamp() - interval '1 millisecond'`;
  const lapseSession = `update sessions set last_activity_at = ${lapse} - interval '1 hour', ttl_ms = 3600000`;
  const lapseOffer = `update handoffs set expires_at = ${lapse}`;
  it.for([
    ['an append', append(), lapseSession, 'SESSION_EXPIRED'],
    ['an offer', (store: Store) => store.createHandoff(offerWork('late')), lapseSession, 'SESSION_EXPIRED'],
    ['an update', (store: Store) => store.updateSession(renameWork), lapseSession, 'SESSION_EXPIRED'],
    ['a claim in a session', claim, lapseSession, 'SESSION_EXPIRED'],
    ['a claim', claim, lapseOffer, 'HANDOFF_EXPIRED'],
    ['a cancellation', cancel, lapseOffer, 'HANDOFF_EXPIRED'],
  ] as const)('look at the clock after the wait for a lock: %s', async ([, call, change, code]) => {
    await stores[0].createHandoff(offerWork('offer'));
    expect(await whileLocked(() => call(stores[0]), change)).toEqual(reason(code));
  });

  it('cancel an offer that was made while its acceptor waited', async () => {
    await stores[0].createHandoff(offerWork('offer'));
    await whileLocked(
      () => claim(stores[0]),
      `insert into handoffs (
         handoff_id, namespace, session_id, session_key, request_type, status, requesting_agent, upto_sequence,
         created_at, expires_at
       )
       select 'late', namespace, id, session_key, 'full_handoff', 'pending', owner, 0, now(), now() + interval '1 day'
       from sessions;
       update sessions set offers = offers + 1`,
    );
    expect(await statusesOf('planner')).toEqual(['accepted', 'cancelled']);
  });

  it('commit the offers of a namespace in the order of their ids, so that no list passes one over', async () => {
    await stores[0].createSession({ ...createWork, sessionKey: 'slow' });
    await database.query(`
      create function hold() returns trigger language plpgsql as 'begin perform pg_advisory_xact_lock(1); return new; end';
      create trigger hold after insert on handoffs for each row when (new.handoff_id = 'slow') execute function hold()`);
    await other.query('select pg_advisory_lock(1)');
    const slow = stores[0].createHandoff({ ...offerWork('slow'), sessionKey: 'slow' });
    await waitForWaiters(1);
    const quick = stores[1].createHandoff(offerWork('quick'));
    await Promise.race([quick, waitForWaiters(2)]);
    expect(await statusesOf('planner')).toEqual([]);
    await other.query('select pg_advisory_unlock(1)');
    await Promise.all([slow, quick]);
    expect(await statusesOf('planner')).toEqual(['pending', 'pending']);
    await database.query('drop function hold cascade');
  });

  it('lock the sessions of a batch in the order of their ids', async () => {
    const later = { ...work, sessionKey: 'later' };
    await stores[0].createSession({ ...createWork, ...later });
    // Now it comes second in the table too.
    await stores[0].updateSession(renameWork);
    await other.query('begin');
    await other.query(`select from sessions where session_key = 'work' for update`);
    const appends = [stores[0].appendEntry(appendWork('b', later)), stores[0].appendEntry(appendWork('a'))];
    await waitForWaiters(1);
    const free = await database.query(`select session_key from sessions for update skip locked`);
    expect(free).toEqual([{ session_key: 'later' }]);
    await other.query('commit');
    await Promise.all(appends);
  });

  it('carry out a call once if two have the same key at the same time', async () => {
    for (let round = 0; round < 10; round += 1) {
      const idempotency = { key: `k${round}`, tool: 'registerSession', requestHash: 'hash' };
      const outcomes = await Promise.all(
        [...stores, ...stores].map((store) => store.createSession({ ...createWork, ifExists: 'resume', idempotency })),
      );
      expect(outcomes.filter(({ replayed }) => !replayed)).toHaveLength(1);
    }
  });

  it('list offers without waiting for a transaction that has locked a lapsed one', async () => {
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

  it('decide an update again if the session changed while it waited', async () => {
    const outcome = await whileLocked(
      () => stores[0].updateSession(renameWork),
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

  it('write an append once if both get it at the same time', async () => {
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
    expect((await statusesOf('planner')).toSorted()).toEqual(['accepted', 'cancelled', 'cancelled', 'cancelled']);
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

  it('refuse appends if the queue is full', async () => {
    const { url } = database;
    const narrow = await createPostgresStore({ url, poolSize: 1, maxWaiting: 3 });
    const reads = await Promise.allSettled(Array.from({ length: 12 }, () => narrow.readSession(work)));
    expect(reads.filter(({ status }) => status === 'fulfilled').length).toBeGreaterThanOrEqual(4);
    expect(reads.filter(({ status }) => status === 'rejected')).toContainEqual(reason('OVERLOADED'));
    await narrow.close();
  });
});
