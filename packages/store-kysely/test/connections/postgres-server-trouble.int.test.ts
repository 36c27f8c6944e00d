import { once } from 'node:events';
import { createServer, type AddressInfo } from 'node:net';
import { noTelemetry, type Store } from '@org/domain';
import { createPostgresStore, type PostgresStoreOptions } from '@org/store-kysely/postgres';
import {
  startPostgresServer,
  temporaryDatabase,
  type PostgresServer,
  type TemporaryDatabase,
} from '@org/store-kysely/testing';
import { Client } from 'pg';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { createConnectionPool } from '../../src/postgres/connection/connection-pool.js';
import { expectLastingTrouble, expectTrouble } from '../support/expect-trouble.js';
import { appendWork, createWork, readWork, work } from '../support/requests.js';

const maxConnections = 12;

describe('a PostgreSQL server in trouble', () => {
  let server: PostgresServer;
  let database: TemporaryDatabase;
  const opened: Store[] = [];

  beforeAll(async () => {
    server = await startPostgresServer({
      settings: { max_connections: maxConnections, superuser_reserved_connections: 3 },
      hba: [
        'host all postgres 127.0.0.1/32 trust',
        'host all banned 127.0.0.1/32 reject',
        'host all all 127.0.0.1/32 scram-sha-256',
      ],
    });
    database = await temporaryDatabase(server.url);
    await database.query(`create role app login password 'secret'`);
    await database.query(`create role banned login password 'secret'`);
    await database.query(`grant all on schema public to app`);
  });
  afterAll(() => server.remove());

  beforeEach(async () => {
    await database.query('drop schema public cascade');
    await database.query('create schema public');
    await database.query('grant all on schema public to app');
  });
  afterEach(async () => {
    await Promise.all(opened.splice(0).map((store) => store.close()));
  });

  async function open(options: Partial<PostgresStoreOptions> = {}): Promise<Store> {
    const store = await createPostgresStore({ url: urlOf('app', 'secret'), poolSize: 2, ...options });
    opened.push(store);
    return store;
  }

  async function openWithWork(options: Partial<PostgresStoreOptions> = {}): Promise<Store> {
    const store = await open(options);
    await store.createSession(createWork);
    return store;
  }

  function urlOf(username: string, password: string, change: Partial<URL> = {}): string {
    return Object.assign(new URL(database.url), { username, password, ...change }).href;
  }

  /** The server processes of the application's connections. */
  async function backends(): Promise<number[]> {
    const rows = await database.query(`select pid from pg_stat_activity where usename = 'app'`);
    return rows.map(({ pid }) => Number(pid));
  }

  /** Takes all that there are. */
  async function occupyConnections(): Promise<Client[]> {
    const clients: Client[] = [];
    for (;;) {
      const client = new Client(urlOf('app', 'secret'));
      client.on('error', () => undefined);
      try {
        await client.connect();
      } catch {
        return clients;
      }
      clients.push(client);
    }
  }

  async function eventually(call: () => Promise<unknown>): Promise<void> {
    await expect.poll(() => call().then(() => 'served'), { timeout: 15_000 }).toBe('served');
  }

  it('reports a wrong password, user or database', async () => {
    await expectLastingTrouble(
      open({ url: urlOf('app', 'secret but wrong') }),
      /^PostgreSQL at 127.*refuses the password/,
    );
    await expectLastingTrouble(open({ url: urlOf('app', '') }), /asks for a password/);
    await expectLastingTrouble(open({ url: urlOf('nobody_here', 'secret') }), /refuses the password/);
    await expectLastingTrouble(open({ url: urlOf('banned', 'secret') }), /refuses this user/);
    await expectLastingTrouble(open({ url: urlOf('app', 'secret', { pathname: '/no_such' }) }), /no such database/);
  });

  it('says that a right is missing', async () => {
    const store = await openWithWork();
    await database.query('reassign owned by app to postgres');
    await expectLastingTrouble(store.appendEntry(appendWork('a')), /denies this user a right/);
    await database.query('grant select on sessions, context_history to app');
    expect(await store.readSession(work)).toMatchObject({ lastSequence: 0 });
    await expectLastingTrouble(store.appendEntry(appendWork('a')), /denies this user a right/);
  });

  it('says that it accepts no more connections, and serves when it does again', async () => {
    const store = await openWithWork({ poolSize: maxConnections });
    for (const pid of await backends()) process.kill(pid, 'SIGTERM');
    const others = await occupyConnections();
    await expectTrouble(store.readSession(work), /accepts no more connections.*the option postgres\.poolSize/);
    await expectTrouble(open(), /accepts no more connections/);
    await Promise.all(others.map((other) => other.end()));
    await eventually(() => store.readSession(work));
  });

  it('that became read-only serves reads, and takes writes when it does again', async () => {
    const store = await openWithWork();
    const name = new URL(database.url).pathname.slice(1);
    await database.query(`alter database ${name} set default_transaction_read_only = on`);
    for (const pid of await backends()) process.kill(pid, 'SIGTERM');
    await expect.poll(backends).toEqual([]);
    await expectTrouble(store.appendEntry(appendWork('a')), /takes no writes/);
    expect(await store.readSession(work)).toMatchObject({ lastSequence: 0 });
    // As before a failover: no existing connection can ever write.
    await expectTrouble(store.appendEntry(appendWork('a')), /takes no writes/);
    await database.query(`set transaction_read_only = off; alter database ${name} reset default_transaction_read_only`);
    expect(await store.appendEntry(appendWork('a'))).toMatchObject({ sequence: 1 });
  });

  it.for(['SIGTERM', 'SIGKILL'] as const)(
    'that lost a connection to %s says that the outcome is unknown',
    async (signal) => {
      const store = await openWithWork();
      const holder = new Client(database.url);
      holder.on('error', () => undefined);
      await holder.connect();
      await holder.query('begin');
      await holder.query('select from sessions for update');
      const append = store.appendEntry(appendWork('a', { idempotency: { key: 'k', tool: 't', requestHash: 'h' } }));
      const trouble = expectTrouble(append, /may have been carried out/);
      await expect
        .poll(() => database.query(`select from pg_stat_activity where wait_event_type = 'Lock'`))
        .toHaveLength(1);
      for (const pid of await backends()) process.kill(pid, signal);
      await trouble;
      await holder.end();
      await eventually(() => store.readSession(work));
      const repeat = appendWork('a', { idempotency: { key: 'k', tool: 't', requestHash: 'h' } });
      expect(await store.appendEntry(repeat)).toMatchObject({ sequence: 1 });
      expect((await store.readEntries(readWork())).entries).toHaveLength(1);
    },
  );

  it('that is gone refuses connections, and serves without a restart of the store when it is back', async () => {
    const store = await openWithWork();
    process.kill(server.pid(), 'SIGKILL');
    await expectTrouble(
      (async () => {
        // Its processes notice one after the other.
        for (;;) await store.readSession(work);
      })(),
      /refuses connections|starting up or shutting down|broke the connection/,
    );
    await expect
      .poll(() => store.readSession(work).catch((error: Error) => error.message), { timeout: 15_000 })
      .toMatch(/refuses connections/);
    await server.start();
    expect(await store.readSession(work)).toMatchObject({ lastSequence: 0 });
  });

  it('that stopped answering is given up', async () => {
    const options = { connectTimeoutMs: 500, statementTimeoutMs: 100 };
    const store = await openWithWork({ ...options, poolSize: 1 });
    process.kill(server.pid(), 'SIGSTOP');
    try {
      await expectTrouble(open(options), /does not answer/);
      // Each existing connection has a separate server process.
      expect(await store.readSession(work)).toMatchObject({ lastSequence: 0 });
    } finally {
      process.kill(server.pid(), 'SIGCONT');
    }
    const [pid = 0] = await backends();
    process.kill(pid, 'SIGSTOP');
    try {
      const [read] = await Promise.all([
        store.readSession(work),
        expectTrouble(store.appendEntry(appendWork('a')), /Too many calls are waiting/, 'OVERLOADED'),
      ]);
      expect(read).toMatchObject({ epoch: 1 });
    } finally {
      process.kill(pid, 'SIGCONT');
    }
  });
});

it('a pool gives up a server that accepts connections and never answers, however many calls there are', async () => {
  const server = createServer(() => undefined);
  await once(server.listen(0, '127.0.0.1'), 'listening');
  const { port } = server.address() as AddressInfo;
  const pool = createConnectionPool({
    url: `postgres://root:secret@127.0.0.1:${port}/test`,
    connectTimeoutMs: 200,
    transactionPooler: false,
    size: 2,
    statementTimeoutMs: 100,
    idleInTransactionTimeoutMs: 100,
    maxWaiting: 10,
    telemetry: noTelemetry,
  });
  const calls = Array.from({ length: 5 }, () =>
    pool.run({ name: 'n', text: 'select 1', values: [], isRepeatable: true }),
  );
  await Promise.all(calls.map((call) => expectTrouble(call, /does not answer/)));
  await pool.close();
  server.close();
});
