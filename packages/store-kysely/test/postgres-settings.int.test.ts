import type { Store } from '@org/domain';
import { describeStoreContract, type StoreHarness } from '@org/domain/testing';
import { createPostgresStore } from '@org/store-kysely/postgres';
import { temporaryDatabase, type TemporaryDatabase } from '@org/store-kysely/testing';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { expectLastingTrouble } from './expect-trouble.js';
import { takingTurns } from './fork-store.js';

/** What a database may be set to without the store's leave. */
const settings: Readonly<Record<string, string>> = {
  default_transaction_isolation: 'serializable',
  standard_conforming_strings: 'off',
  timezone: 'Asia/Kathmandu',
  datestyle: 'sql, dmy',
  intervalstyle: 'sql_standard',
  client_encoding: 'latin1',
  search_path: 'app',
};

describeStoreContract('PostgreSQL, in a database with settings of its own', async () => {
  const database = await temporaryDatabase();
  await database.query('create schema app');
  for (const [name, value] of Object.entries(settings)) {
    await database.query(`alter database ${nameOf(database)} set ${name} = '${value}'`);
  }
  return openHarness(database);
});

async function openHarness({ url, drop }: TemporaryDatabase): Promise<StoreHarness> {
  let skewMs = 0;
  const open = (): Promise<Store> => createPostgresStore({ url, clockOffsetMs: () => skewMs });
  const store = takingTurns([await open(), await open()]);
  return {
    store,
    advance: (ms) => {
      skewMs += ms;
    },
    close: async () => {
      await store.close();
      await drop();
    },
  };
}

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

  it('is refused when it acknowledges what it has not written', async () => {
    await database.query(`alter database ${nameOf(database)} set synchronous_commit = off`);
    await expectLastingTrouble(open(), /synchronous_commit switched off.*Switch it on/);
    await database.query(`alter database ${nameOf(database)} set synchronous_commit = local`);
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

  it('is let through when the options of the URL mend it', async () => {
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

const nameOf = ({ url }: TemporaryDatabase): string => new URL(url).pathname.slice(1);

async function closeAgain(opening: Promise<unknown>): Promise<void> {
  await ((await opening) as Store).close();
}
