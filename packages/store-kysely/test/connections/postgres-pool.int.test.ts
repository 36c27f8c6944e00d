import { noTelemetry, type PoolState, type Store, type Telemetry } from '@org/domain';
import { createPostgresStore, type PostgresStoreOptions } from '@org/store-kysely/postgres';
import { temporaryDatabase, type TemporaryDatabase } from '@org/store-kysely/testing';
import { Client } from 'pg';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createConnectionPool } from '../../src/postgres/connection/connection-pool.js';
import { longestTimerMs } from '../../src/postgres/connection/longest-timer-ms.js';
import { expectTrouble } from '../support/expect-trouble.js';
import { appendWork, createWork, offerWork, work } from '../support/requests.js';

describe('the connection pool', () => {
  let database: TemporaryDatabase;
  /** Another user of the database, who may hold locks. */
  let other: Client;
  let statements: string[];
  let waitsMs: number[];
  let readState: (() => PoolState) | undefined;
  const opened: Store[] = [];

  const telemetry: Telemetry = {
    ...noTelemetry,
    recordStatement: (statement) => statements.push(statement),
    recordPoolWait: (durationMs) => waitsMs.push(durationMs),
    observePool: (read) => {
      readState = read;
      return () => {
        readState = undefined;
      };
    },
  };

  beforeEach(async () => {
    database = await temporaryDatabase();
    other = new Client(database.url);
    await other.connect();
    statements = [];
    waitsMs = [];
  });
  afterEach(async () => {
    await other.end();
    await Promise.all(opened.splice(0).map((store) => store.close()));
    await database.drop();
  });

  async function openWithWork(options: Partial<PostgresStoreOptions> = {}): Promise<Store> {
    const store = await createPostgresStore({ url: database.url, poolSize: 1, telemetry, ...options });
    opened.push(store);
    await store.createSession(createWork);
    return store;
  }

  async function lockSession(): Promise<void> {
    await other.query('begin');
    await other.query('select from sessions for update');
  }

  const untilLockWaits = (): Promise<void> =>
    expect
      .poll(() =>
        database.query(`select from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'`),
      )
      .toHaveLength(1);

  it('reports its state, its waits and its statements to telemetry', async () => {
    const store = await openWithWork();
    expect(readState?.()).toEqual({ size: 1, inUse: 0, waiting: 0 });
    await lockSession();
    const append = store.appendEntry(appendWork('a'));
    await untilLockWaits();
    const read = store.readSession(work);
    await expect.poll(() => readState?.()).toEqual({ size: 1, inUse: 1, waiting: 1 });
    await other.query('commit');
    await Promise.all([append, read]);
    expect(readState?.()).toEqual({ size: 1, inUse: 0, waiting: 0 });
    expect(statements).toEqual(['create_session', 'append_entry', 'read_session']);
    expect(waitsMs).toHaveLength(3);
    await store.close();
    expect(readState).toBeUndefined();
  });

  it('lets a call wait no longer than it may', async () => {
    const store = await openWithWork({ connectTimeoutMs: 100 });
    await lockSession();
    const append = store.appendEntry(appendWork('a'));
    await untilLockWaits();
    await expectTrouble(store.readSession(work), /Too many calls are waiting/, 'OVERLOADED');
    await other.query('commit');
    expect(await append).toMatchObject({ sequence: 1 });
    expect(await store.readSession(work)).toMatchObject({ lastSequence: 1 });
  });

  it('refuses calls at once if the queue is full', async () => {
    const store = await openWithWork({ maxWaiting: 1, connectTimeoutMs: 60_000 });
    await lockSession();
    const append = store.appendEntry(appendWork('a'));
    await untilLockWaits();
    const read = store.readSession(work);
    await expectTrouble(store.readSession(work), /Too many calls are waiting/, 'OVERLOADED');
    await other.query('commit');
    await Promise.all([append, read]);
  });

  it('drops an aborted call that waits for a connection', async () => {
    const store = await openWithWork();
    await lockSession();
    const append = store.appendEntry(appendWork('a'));
    await untilLockWaits();
    const leaving = new AbortController();
    const read = store.readSession(work, leaving.signal);
    await expect.poll(() => readState?.().waiting).toBe(1);
    leaving.abort();
    await expectTrouble(read, /given up/, 'CANCELLED');
    await other.query('commit');
    await append;
    await expectTrouble(store.readSession(work, leaving.signal), /given up/, 'CANCELLED');
    expect(statements).toEqual(['create_session', 'append_entry']);
    expect(readState?.()).toEqual({ size: 1, inUse: 0, waiting: 0 });
    expect(await store.readSession(work)).toMatchObject({ lastSequence: 1 });
  });

  it('drops an aborted append that waits for a batch, but carries out one that is in a batch', async () => {
    const store = await openWithWork();
    await store.createSession({ ...createWork, sessionKey: 'other' });
    await lockSession();
    const leaving = new AbortController();
    const sent = store.appendEntry(appendWork('sent'), leaving.signal);
    await untilLockWaits();
    const queued = store.appendEntry(appendWork('queued'), leaving.signal);
    // A batch that waits for the connection, which the first of its calls has started.
    const batched = ['first', 'second'].map((content, index) =>
      store.appendEntry(appendWork(content, { sessionKey: 'other' }), index === 0 ? leaving.signal : undefined),
    );
    await expect.poll(() => readState?.().waiting).toBe(1);
    leaving.abort();
    await expectTrouble(queued, /given up/, 'CANCELLED');
    await other.query('commit');
    expect(await Promise.all([sent, ...batched])).toMatchObject([{ sequence: 1 }, { sequence: 1 }, { sequence: 2 }]);
    expect(await store.readSession(work)).toMatchObject({ lastSequence: 1 });
  });

  it('ends a statement that takes too long, which then has no effect', async () => {
    const store = await openWithWork({ statementTimeoutMs: 100 });
    await lockSession();
    await expectTrouble(store.appendEntry(appendWork('a')), /took too long.*Nothing was written/);
    await other.query('commit');
    expect(await store.readSession(work)).toMatchObject({ lastSequence: 0 });
  });

  it('works with the longest timeouts that there are', async () => {
    const [connectTimeoutMs, statementTimeoutMs] = [longestTimerMs, longestTimerMs];
    const store = await openWithWork({
      connectTimeoutMs,
      statementTimeoutMs,
      idleInTransactionTimeoutMs: longestTimerMs,
    });
    await lockSession();
    const append = Promise.allSettled([store.appendEntry(appendWork('a'))]);
    await untilLockWaits();
    await other.query('commit');
    expect(await append).toMatchObject([{ value: { sequence: 1 } }]);
  });

  it('runs a statement again that the server undid to end a deadlock', async () => {
    const name = new URL(database.url).pathname.slice(1);
    // The server looks for a deadlock once in a wait: after the other one asked for the second lock, or never.
    await database.query(`alter database ${name} set deadlock_timeout = '1s'`);
    const store = await openWithWork();
    await store.createHandoff(offerWork('offer'));
    await other.query(`begin; set local deadlock_timeout = '1min'`);
    await other.query('select from handoffs for update');
    statements = [];
    const claim = Promise.allSettled([
      store.claimHandoff({ namespace: work.namespace, agent: 'implementer', handoffId: 'offer' }),
    ]);
    await untilLockWaits();
    await other.query('select from sessions for update');
    await other.query('commit');
    expect(await claim).toMatchObject([{ value: { session: { owner: 'implementer', epoch: 2 } } }]);
    // It may run into the other one again, before that has both locks.
    expect(statements.slice(0, 3)).toEqual(['read_handoff_situation', 'claim_handoff', 'claim_handoff']);
  });

  it('replaces idle connections that broke', async () => {
    const store = await openWithWork();
    await database.query(
      `select pg_terminate_backend(pid) from pg_stat_activity
       where datname = current_database() and application_name = 'context-store'`,
    );
    await expect
      .poll(() =>
        database.query(`select from pg_stat_activity where application_name = 'context-store'
        and datname = current_database()`),
      )
      .toEqual([]);
    expect(await store.appendEntry(appendWork('a'))).toMatchObject({ sequence: 1 });
  });

  it.for([
    [false, { statement: '1234ms', idle: '5678ms', isolation: 'read committed' }],
    // The pooler's own: a client can have none.
    [true, { statement: '0', idle: '0', isolation: 'repeatable read' }],
  ] as const)('sets what the server watches over (behind a pooler: %s)', async ([transactionPooler, expected]) => {
    const name = new URL(database.url).pathname.slice(1);
    await database.query(`alter database ${name} set default_transaction_isolation = 'repeatable read'`);
    const pool = createConnectionPool({
      url: database.url,
      connectTimeoutMs: 5000,
      transactionPooler,
      size: 1,
      statementTimeoutMs: 1234,
      idleInTransactionTimeoutMs: 5678,
      maxWaiting: 1,
      telemetry: noTelemetry,
    });
    const text = `select current_setting('statement_timeout') as statement,
      current_setting('idle_in_transaction_session_timeout') as idle, current_setting('transaction_isolation') as isolation`;
    expect(await pool.run({ name: 'settings', text, values: [], isRepeatable: true })).toEqual([expected]);
    await pool.close();
  });
});
