import type { PostgresInspection } from '@org/store-kysely/postgres';
import type { SqliteInspection } from '@org/store-kysely/sqlite';
import type { PostgresLocation, SqliteLocation } from './database-location.js';
import { loadPostgres } from './open-store.js';
import type { PostgresSettings } from './postgres-settings.js';

export { requireSupportedNode } from '../node-version.js';
export type { PostgresInspection, SqliteInspection };

/**
 * Looks into a SQLite file, and loads the driver that would open it. Changes nothing.
 * @param deep looks for damage too, which reads the whole file
 * @throws STORE_UNAVAILABLE
 */
export async function inspectSqliteStore({ path }: SqliteLocation, deep: boolean): Promise<SqliteInspection> {
  const { inspectSqlite, loadSqliteDriver } = await import('@org/store-kysely/sqlite');
  await loadSqliteDriver();
  return inspectSqlite(path, { deep });
}

/** Looks at a PostgreSQL database. Changes nothing. @throws STORE_UNAVAILABLE, VALIDATION_ERROR */
export async function inspectPostgresStore(
  { url }: PostgresLocation,
  settings: PostgresSettings,
): Promise<PostgresInspection> {
  const { inspectPostgres } = await loadPostgres();
  return inspectPostgres(url, settings);
}
