import type { Store } from '@org/domain';
import { createPostgresStore } from '@org/store-kysely/postgres';
import {
  startPostgresServer,
  temporaryDatabase,
  type PostgresServer,
  type TemporaryDatabase,
} from '@org/store-kysely/testing';
import { sql } from 'kysely';
import { Client } from 'pg';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { commitDurably } from '../../src/postgres/statements/commit-durably.js';
import { statement } from '../../src/postgres/statements/query-builder.js';
import { expectLastingTrouble } from '../support/expect-trouble.js';
import { appendWork, createWork, offerWork, readWork, work } from '../support/requests.js';

describe('a PostgreSQL server whose synchronous_commit is switched off while a store is open', () => {
  let server: PostgresServer;
  let database: TemporaryDatabase;
  let store: Store;

  beforeAll(async () => {
    // The server's WAL writer is slowed down, so that only commits write the log.
    server = await startPostgresServer({ settings: { wal_writer_delay: '10s', autovacuum: 'off' } });
  });
  afterAll(() => server.remove());
  beforeEach(async () => {
    database = await temporaryDatabase(server.url);
    store = await createPostgresStore({ url: database.url });
    await store.createSession(createWork);
    await setSynchronousCommit('off');
  });
  afterEach(async () => {
    await store.close();
    await setSynchronousCommit('on');
  });

  async function setSynchronousCommit(value: 'on' | 'off'): Promise<void> {
    await database.query(`alter system set synchronous_commit = ${value}`);
    await database.query('select pg_reload_conf()');
    await expect.poll(() => database.query('show synchronous_commit')).toEqual([{ synchronous_commit: value }]);
  }

  it('loses no acknowledged append in a crash', async () => {
    for (let turn = 0; turn < 10; turn += 1) {
      await Promise.all(Array.from({ length: 20 }, (_, index) => store.appendEntry(appendWork(`${turn}/${index}`))));
    }
    await server.stop('immediate');
    await server.start();
    await expect.poll(() => store.ping().then(() => 'served', String)).toBe('served');
    expect((await store.readEntries(readWork())).entries).toHaveLength(200);
  });

  it.for<[string, () => Promise<unknown>]>([
    ['createSession', () => store.createSession({ ...createWork, sessionKey: 'other' })],
    ['appendEntry', () => store.appendEntry(appendWork('a'))],
    ['appendEntry, keyed', () => store.appendEntry(appendWork('a', keyed))],
    ['updateSession', () => store.updateSession({ ...work, agent: 'planner', title: 'A title', ...keyed })],
    ['markRead', () => store.markRead({ ...work, agent: 'planner', sequence: 1 })],
    ['createHandoff', () => store.createHandoff(offerWork('second'))],
    ['claimHandoff', () => store.claimHandoff({ ...target, handoffId: 'offer' })],
    ['claimHandoff, repeated', () => store.claimHandoff({ ...target, handoffId: 'leased', leaseMs: 60_000 })],
    [
      'resolveHandoff',
      () =>
        store.resolveHandoff({ namespace: work.namespace, agent: 'planner', handoffId: 'offer', outcome: 'cancelled' }),
    ],
    ['deleteSession', () => store.deleteSession(work)],
  ])('writes %s to the disk', async ([, call]) => {
    await store.appendEntry(appendWork('first'));
    await store.createHandoff(offerWork('offer'));
    await store.createSession({ ...createWork, sessionKey: 'leased' });
    await store.createHandoff(offerWork('leased', { sessionKey: 'leased' }));
    await store.claimHandoff({ ...target, handoffId: 'leased', leaseMs: 60_000 });
    const [before] = await database.query('select pg_current_wal_insert_lsn() as lsn');
    await call();
    expect(
      await database.query('select pg_current_wal_flush_lsn() > $1::pg_lsn as is_flushed', [before?.['lsn']]),
    ).toEqual([{ is_flushed: true }]);
  });

  it.for([
    ['off', 'on'],
    ['local', 'on'],
    ['on', 'on'],
    ['remote_write', 'remote_write'],
    ['remote_apply', 'remote_apply'],
  ])('commits with at least what the operator asks for: %s', async ([asked, expected]) => {
    const client = new Client(database.url);
    await client.connect();
    await client.query(`begin; set local synchronous_commit = ${asked}`);
    await client.query(statement(sql`select ${commitDurably}`).compile().sql);
    expect((await client.query('show synchronous_commit')).rows).toEqual([{ synchronous_commit: expected }]);
    await client.end();
  });
});

const target = { namespace: work.namespace, agent: 'implementer' };
const keyed = { idempotency: { key: 'k', tool: 't', requestHash: 'h' } };

it.for(['fsync', 'full_page_writes'])(
  'a server with %s switched off is refused unless it says that it may',
  async (name) => {
    const allow = 'context_store.allow_unsafe_settings';
    const server = await startPostgresServer({ settings: { fsync: 'on', [name]: 'off', [allow]: 'off' } });
    await expectLastingTrouble(
      createPostgresStore({ url: server.url }),
      new RegExp(`has ${name} switched off.*${allow}`),
    );
    const url = new URL(server.url);
    url.searchParams.set('options', `-c ${allow}=on`);
    const store = await createPostgresStore({ url: url.href });
    await store.close();
    await server.remove();
  },
);
