import { mkdir } from 'node:fs/promises';
import { dirname } from 'node:path';
import { ContextStoreError, type Store } from '@org/domain';
import type { SchemaChange } from '@org/store-kysely/sqlite';
import type { DatabaseLocation, SqliteLocation } from './database-location.js';
import { requireSupportedNode } from './node-version.js';
import type { PostgresSettings } from './postgres-settings.js';

// Each engine is loaded where it is used, so that a process pays for its own alone.

/** Opens the store of a location. @throws STORE_UNAVAILABLE, VALIDATION_ERROR for a Node.js that is too old */
export async function openStore(
  location: DatabaseLocation,
  migrate: boolean,
  { transactionPooler = false, ...settings }: PostgresSettings,
): Promise<Store> {
  if (location.engine === 'sqlite') {
    await prepareForSqlite(location);
    const { createSqliteStore } = await import('@org/store-kysely/sqlite');
    return createSqliteStore({ path: location.path, migrate });
  }
  const { createPostgresStore } = await import('@org/store-kysely/postgres');
  return createPostgresStore({ url: location.url, migrate, ...settings, namedStatements: !transactionPooler });
}

/** Brings what lies at a location to the schema of this release. @throws as {@link openStore} does */
export async function migrateStore(location: DatabaseLocation): Promise<SchemaChange> {
  if (location.engine === 'sqlite') {
    await prepareForSqlite(location);
    const { migrateSqlite } = await import('@org/store-kysely/sqlite');
    return migrateSqlite(location.path);
  }
  const { migratePostgres } = await import('@org/store-kysely/postgres');
  return migratePostgres(location.url);
}

async function prepareForSqlite({ path, isDefault }: SqliteLocation): Promise<void> {
  requireSupportedNode();
  if (isDefault) await makeFolder(dirname(path));
}

/** Recorded work is private: the folder is for its user alone. */
async function makeFolder(folder: string): Promise<void> {
  try {
    await mkdir(folder, { recursive: true, mode: 0o700 });
  } catch (error) {
    throw new ContextStoreError(
      'STORE_UNAVAILABLE',
      `The data folder ${folder} cannot be made (${String((error as NodeJS.ErrnoException).code)}). Set XDG_DATA_HOME or DATABASE_URL to a place that can be written.`,
      { folder },
      { cause: error },
    );
  }
}
