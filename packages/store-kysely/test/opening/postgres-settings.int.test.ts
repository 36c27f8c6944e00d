import type { Store } from '@org/domain';
import { createPostgresStore, type PostgresStoreOptions } from '@org/store-kysely/postgres';
import { temporaryDatabase, type TemporaryDatabase } from '@org/store-kysely/testing';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { expectLastingTrouble } from '../support/expect-trouble.js';
import { createForeignTables, nameOf } from './foreign-tables.js';

const createStore = ({ url }: TemporaryDatabase, options: Partial<PostgresStoreOptions> = {}): Promise<Store> =>
  createPostgresStore({ url, ...options });

describe('a PostgreSQL database that cannot keep the promises of the store', () => {
  let database: TemporaryDatabase;
  beforeEach(async () => {
    database = await temporaryDatabase();
  });
  afterEach(() => database.drop());

  const open = (url = database.url): Promise<unknown> => createPostgresStore({ url });

  it.for(['LATIN1', 'SQL_ASCII'])('is refused with the encoding %s', async (encoding) => {
    const name = `${nameOf(database)}_encoded`;
    await database.query(`create database ${name} encoding '${encoding}' locale 'C' template template0`);
    const url = Object.assign(new URL(database.url), { pathname: `/${name}` });
    await expectLastingTrouble(open(url.href), new RegExp(`keeps text as ${encoding}.*UTF8`));
    await database.query(`drop database ${name} with (force)`);
  });

  it('is refused behind a pooler when it reads no nulls in arrays', async () => {
    await database.query(`alter database ${nameOf(database)} set array_nulls = off`);
    await expectLastingTrouble(createStore(database, { transactionPooler: true }), /array_nulls.*pooler.*= on/);
    await closeAgain(open());
  });

  it.for(['serializable', 'repeatable read'])(
    'is refused behind a pooler when transactions are %s',
    async (isolation) => {
      await database.query(`alter database ${nameOf(database)} set default_transaction_isolation = '${isolation}'`);
      await expectLastingTrouble(
        createPostgresStore({ url: database.url, transactionPooler: true }),
        new RegExp(`${isolation}.*pooler.*read committed`),
      );
    },
  );

  it.for([
    ['version bigint primary key, dirty boolean not null', `3, false`],
    ['version varchar primary key', `'20240101120000'`],
  ])('is refused when another tool keeps its migrations there: %s', async ([columns, row]) => {
    await database.query(`create table schema_migrations (${columns})`);
    await database.query(`insert into schema_migrations values (${row})`);
    await expectLastingTrouble(open(), /schema_migrations of another application.*of its own/);
  });

  it('is refused when another application has a table of a name that is needed', async () => {
    await database.query('create table handoffs (id integer)');
    await expectLastingTrouble(open(), /table of another application.*of its own/);
  });

  it('is refused without a schema to create tables in', async () => {
    await database.query(`alter database ${nameOf(database)} set search_path = ''`);
    await expectLastingTrouble(open(), /no schema.*search_path/);
  });

  it.for([
    ['a schema that is not there', { schema: 'no_such' }, /no schema.*the option postgres\.schema/],
    ['a schema of another application', { schema: 'foreign' }, /another application.*the option postgres\.schema/],
  ] as const)('is refused with %s', async ([, options, says]) => {
    await createForeignTables(database);
    await expectLastingTrouble(createStore(database, options), says);
  });

  it('is accepted if the options of the URL correct it', async () => {
    await database.query('create schema app');
    await database.query(`alter database ${nameOf(database)} set search_path = ''`);
    const url = new URL(database.url);
    url.searchParams.set('options', '-c search_path=app');
    await closeAgain(open(url.href));
    expect(await database.query(`select to_regclass('app.sessions')::text as name`)).toEqual([
      { name: 'app.sessions' },
    ]);
  });
});

async function closeAgain(opening: Promise<unknown>): Promise<void> {
  await ((await opening) as Store).close();
}
