import type { TemporaryDatabase } from '@org/store-kysely/testing';

/** What another application may have, in the schema where connections look first. */
export async function createForeignTables(database: TemporaryDatabase): Promise<void> {
  await database.query('create schema "foreign"');
  await database.query(`alter database ${nameOf(database)} set search_path = "foreign"`);
  for (const table of ['sessions', 'handoffs', 'context_history', 'schema_migrations'])
    await database.query(`create table "foreign".${table} (id integer)`);
}

export const nameOf = ({ url }: TemporaryDatabase): string => new URL(url).pathname.slice(1);
