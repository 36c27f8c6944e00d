import { once } from 'node:events';
import { createServer, type AddressInfo, type Server } from 'node:net';
import { createPostgresStore } from '@org/store-kysely/postgres';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { migratePostgres } from '../../src/postgres/schema/migrate.js';
import { migrations } from '../../src/postgres/schema/migrations/index.js';
import { expectLastingTrouble, expectTrouble } from '../support/expect-trouble.js';
import { createWork, work } from '../support/requests.js';
import { temporaryDatabase, unusedPort, type TemporaryDatabase } from '@org/store-kysely/testing';

describe('opening a PostgreSQL database', () => {
  let database: TemporaryDatabase;
  beforeEach(async () => {
    database = await temporaryDatabase();
  });
  afterEach(() => database.drop());

  async function open(url = database.url, migrate = true): Promise<void> {
    await (await createPostgresStore({ url, migrate })).close();
  }

  const appliedVersions = async (): Promise<unknown[]> =>
    (await database.query('select version from schema_migrations order by version')).map(({ version }) => version);

  function urlWith(change: (url: URL) => void): string {
    const url = new URL(database.url);
    change(url);
    return url.href;
  }

  it('migrates it once when twenty open it first at once', async () => {
    const migrated = await Promise.all(Array.from({ length: 20 }, () => migratePostgres(database.url)));
    expect(migrated.filter(({ from, to }) => from < to)).toHaveLength(1);
    expect(await appliedVersions()).toEqual(migrations.map(({ version }) => version));
  });

  it('leaves nothing of a migration that fails', async () => {
    const broken = { version: migrations.length + 1, name: 'broken', script: 'create table half (); select 1 / 0' };
    await expect(migratePostgres(database.url, { migrations: [...migrations, broken] })).rejects.toMatchObject({
      code: 'INTERNAL_ERROR',
    });
    const tables = await database.query(`select tablename from pg_tables where schemaname = 'public'`);
    expect(tables).toEqual([]);
  });

  it('changes nothing when it is not to migrate', async () => {
    await expectLastingTrouble(open(database.url, false), /older schema \(0;.*context-store migrate/);
    expect(await migratePostgres(database.url)).toMatchObject({ from: 0, to: migrations.length });
    expect(await migratePostgres(database.url)).toMatchObject({ from: migrations.length, to: migrations.length });
    await open(database.url, false);
  });

  it('keeps a database of a newer release as it is', async () => {
    await open();
    await database.query(`insert into schema_migrations values (99, 'from the future', now())`);
    await expectLastingTrouble(open(), /newer release.*schema 99.*Upgrade/);
    await expectLastingTrouble(open(database.url, false), /newer release.*schema 99.*Upgrade/);
  });

  it('keeps what is there when it is opened again', async () => {
    const store = await createPostgresStore({ url: database.url });
    await store.createSession(createWork);
    await store.close();
    await expect(store.ping()).rejects.toMatchObject({ code: 'STORE_UNAVAILABLE' });
    const again = await createPostgresStore({ url: database.url });
    expect(await again.readSession(work)).toMatchObject({ owner: 'planner' });
    await again.close();
  });

  it('says what is wrong with a URL, and not the password in it', async () => {
    await expect(open('mysql://root:secret@127.0.0.1/test')).rejects.toMatchObject({ code: 'VALIDATION_ERROR' });
    const password = 'secret';
    const port = `${await unusedPort()}`;
    await expectTrouble(open(urlWith((url) => Object.assign(url, { port, password }))), /refuses connections/);
    await expectLastingTrouble(
      open(urlWith((url) => Object.assign(url, { pathname: '/no_such', password }))),
      /no such database/,
    );
    await expectLastingTrouble(
      open(urlWith((url) => Object.assign(url, { username: 'nobody_here', password }))),
      /this user|password/,
    );
  });

  it.for([
    ['28P01', /refuses the password/, expectLastingTrouble],
    ['42704', /refuses the connection \(SQLSTATE 42704\)\. See its log/, expectLastingTrouble],
    ['55000', /refuses the connection \(SQLSTATE 55000\)\. See its log/, expectLastingTrouble],
    ['08P01', /Set the option postgres\.transactionPooler to true/, expectLastingTrouble],
    ['53300', /accepts no more connections/, expectTrouble],
    ['57P03', /starting up or shutting down/, expectTrouble],
  ] as const)('says why the server refuses with %s', async ([sqlState, says, expectIt]) => {
    const server = await refusingServer(sqlState);
    const { port } = server.address() as AddressInfo;
    await expectIt(open(`postgres://root:secret@127.0.0.1:${port}/test`), says);
    server.close();
  });

  it('says that a user may not create tables', async () => {
    const role = `reader_${new URL(database.url).pathname.slice(-20)}`;
    await database.query(`create role ${role} login password 'secret'`);
    await database.query(`revoke create on schema public from public`);
    const url = urlWith((changed) => Object.assign(changed, { username: role, password: 'secret' }));
    await expectLastingTrouble(open(url), /denies this user a right/);
    await database.query(`drop role ${role}`);
  });

  it('says that a server is read-only', async () => {
    const name = new URL(database.url).pathname.slice(1);
    await database.query(`alter database ${name} set default_transaction_read_only = on`);
    await expectTrouble(open(), /read-only/);
  });
});

/** Answers every client that connects with this error, as PostgreSQL does. */
async function refusingServer(sqlState: string): Promise<Server> {
  const fields = Buffer.from(`SFATAL\0C${sqlState}\0Mno\0\0`);
  const header = Buffer.from('E\0\0\0\0');
  header.writeInt32BE(fields.length + 4, 1);
  const server = createServer((socket) => {
    socket.once('data', () => socket.end(Buffer.concat([header, fields])));
  });
  await once(server.listen(0, '127.0.0.1'), 'listening');
  return server;
}
