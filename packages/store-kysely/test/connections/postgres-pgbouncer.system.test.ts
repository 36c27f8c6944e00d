import type { Store } from '@org/domain';
import { describeStoreContract, openHarness, takingTurns } from '@org/store-contract';
import { createPostgresStore, identifyDatabase, type PostgresStoreOptions } from '@org/store-kysely/postgres';
import { startPgbouncer, temporaryDatabase, type Pgbouncer, type TemporaryDatabase } from '@org/store-kysely/testing';
import { Client } from 'pg';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { expectLastingTrouble, expectTrouble } from '../support/expect-trouble.js';
import { appendWork, createWork } from '../support/requests.js';

/** A pooler that gives each transaction either of two connections. */
let pooler: Pgbouncer;
const otherBackends: ReadonlySet<unknown>[] = [];
beforeAll(async () => {
  pooler = await startPgbouncer(process.env['DATABASE_TEST_URL'] ?? '', 2);
});
afterAll(() => pooler.stop());

describeStoreContract('PostgreSQL behind PgBouncer', async () => {
  const database = await temporaryDatabase();
  const url = pooler.urlOf(database.url);
  const otherClient = await startOtherClient(url);
  return openHarness(
    async (clockOffsetMs) => {
      const open = (): Promise<Store> => createPostgresStore({ url, transactionPooler: true, clockOffsetMs });
      return takingTurns([await open(), await open()]);
    },
    async () => {
      otherBackends.push(await otherClient.stop());
      await database.drop();
    },
  );
});

it('changed connections between the transactions of a client', () => {
  expect(Math.max(...otherBackends.map(({ size }) => size))).toBe(2);
});

it('needs an option, which names no statements and asks for no settings', async () => {
  const database = await temporaryDatabase();
  await expectLastingTrouble(
    createPostgresStore({ url: pooler.urlOf(database.url) }),
    /pooler.*Set the option postgres\.transactionPooler to true/,
  );
  await database.drop();
});

it('does not hide what the database is', async () => {
  const database = await temporaryDatabase();
  const identity = await identifyDatabase(database.url);
  expect(await identifyDatabase(pooler.urlOf(database.url), { transactionPooler: true })).toBe(identity);
  expect(identity).toBeDefined();
  await database.drop();
});

/**
 * Starts another client of the pooler, whose transactions run between those of the store. `stop` returns its
 * connections.
 */
async function startOtherClient(url: string): Promise<{ stop: () => Promise<ReadonlySet<unknown>> }> {
  const client = new Client(url);
  await client.connect();
  const backends = new Set<unknown>();
  const stopping = new AbortController();
  async function interleave(): Promise<void> {
    while (!stopping.signal.aborted) {
      await client.query('begin');
      const { rows } = await client.query<{ pid: number }>('select pg_backend_pid() as pid');
      backends.add(rows[0]?.pid);
      await client.query('commit');
    }
  }
  const interleaving = interleave();
  return {
    stop: async () => {
      stopping.abort();
      await interleaving;
      await client.end();
      return backends;
    },
  };
}

describe('a PgBouncer that is full, or whose settings differ from those of the store', () => {
  let database: TemporaryDatabase;
  let misset: Pgbouncer | undefined;
  const opened: Store[] = [];

  beforeEach(async () => {
    database = await temporaryDatabase();
  });
  afterEach(async () => {
    await Promise.all(opened.splice(0).map((store) => store.close()));
    await misset?.stop();
    misset = undefined;
    await database.drop();
  });

  async function start(poolSize: number, settings: Readonly<Record<string, string | number>>): Promise<string> {
    misset = await startPgbouncer(process.env['DATABASE_TEST_URL'] ?? '', poolSize, settings);
    return misset.urlOf(database.url);
  }

  async function open(url: string, options: Partial<PostgresStoreOptions> = {}): Promise<Store> {
    const store = await createPostgresStore({ url, ...options });
    opened.push(store);
    return store;
  }

  it('says that the pooler accepts no more connections', async () => {
    const url = await start(2, { max_client_conn: 1 });
    const other = new Client(url);
    await other.connect();
    await expectTrouble(open(url, { transactionPooler: true }), /pooler is full.*max_client_conn.*Nothing was written/);
    await other.end();
  });

  it('says that the pooler had no free connection, and that nothing was written', async () => {
    const url = await start(1, { query_wait_timeout: 1 });
    const store = await open(url, { transactionPooler: true, poolSize: 2 });
    await store.createSession(createWork);
    const other = new Client(url);
    await other.connect();
    await other.query('begin');
    await expectTrouble(
      store.appendEntry(appendWork('a')),
      /no free connection.*default_pool_size.*Nothing was written/,
    );
    await other.query('commit');
    await other.end();
    expect(await store.appendEntry(appendWork('a'))).toMatchObject({ sequence: 1 });
  });

  it('says that the pooler keeps settings from the server', async () => {
    const url = await start(2, {
      ignore_startup_parameters: 'options,statement_timeout,idle_in_transaction_session_timeout',
    });
    await expectLastingTrouble(open(url), /pooler stands between.*Set the option postgres\.transactionPooler to true/);
  });

  it('says that the pooler cannot reach the server', async () => {
    misset = await startPgbouncer('postgres://postgres@127.0.0.1:1', 1, { client_login_timeout: 2 });
    await expectTrouble(
      open(misset.urlOf(database.url), { transactionPooler: true }),
      /cannot be reached from the pooler/,
    );
  });
});
