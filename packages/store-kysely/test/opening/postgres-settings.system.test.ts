import type { Store } from '@org/domain';
import { describeStoreContract, openHarness, takingTurns, type StoreHarness } from '@org/store-contract';
import { createPostgresStore, type PostgresStoreOptions } from '@org/store-kysely/postgres';
import { temporaryDatabase, type TemporaryDatabase } from '@org/store-kysely/testing';
import { createForeignTables, nameOf } from './foreign-tables.js';

/** What a database may be set to without the store's leave. */
const settings: Readonly<Record<string, string>> = {
  default_transaction_isolation: 'serializable',
  standard_conforming_strings: 'off',
  timezone: 'Asia/Kathmandu',
  datestyle: 'sql, dmy',
  intervalstyle: 'sql_standard',
  client_encoding: 'latin1',
  search_path: '"foreign", app',
  array_nulls: 'off',
  bytea_output: 'escape',
  extra_float_digits: '-5',
  synchronous_commit: 'off',
};

describeStoreContract('PostgreSQL, in a database with other settings', async () => {
  const database = await temporaryDatabase();
  await database.query('create schema app');
  await createPostgresStore({ url: database.url, schema: 'app' }).then((store) => store.close());
  await createForeignTables(database);
  for (const [name, value] of Object.entries(settings)) {
    await database.query(
      `alter database ${nameOf(database)} set ${name} = ${name === 'search_path' ? value : `'${value}'`}`,
    );
  }
  return openTwo(database);
});

describeStoreContract('PostgreSQL, in a schema that the connection does not look in', async () => {
  const database = await temporaryDatabase();
  await database.query('create schema "Team A"');
  await createForeignTables(database);
  return openTwo(database, { schema: 'Team A', transactionPooler: true });
});

/** Two stores that take turns. */
const openTwo = (database: TemporaryDatabase, options: Partial<PostgresStoreOptions> = {}): Promise<StoreHarness> =>
  openHarness(async (clockOffsetMs) => {
    const open = (): Promise<Store> => createPostgresStore({ url: database.url, ...options, clockOffsetMs });
    return takingTurns([await open(), await open()]);
  }, database.drop);
