import { dirname } from 'node:path';
import { storeUnavailable, type EventBus, type Store, type Telemetry } from '@org/domain';
import type { EventCarrier } from '@org/store-kysely/postgres';
import type { SchemaChange, SqliteStoreOptions } from '@org/store-kysely/sqlite';
import { z } from 'zod';
import type { DatabaseLocation, SqliteLocation } from './database-location.js';
import { loadAdapter } from './load-adapter.js';
import { requireSupportedNode } from '../node-version.js';
import { requirePostgresSettings, type PostgresSettings } from './postgres-settings.js';
import { callback } from './require-settings.js';

// Imports each engine where it is used, so that a process loads only its own.

export interface OpenedStore {
  readonly store: Store;
  /** Carries events between the processes on one database. */
  readonly bus: EventBus;
}

/** The settings of a process on a SQLite file. All have defaults. */
export type SqliteSettings = Pick<SqliteStoreOptions, 'onStateChange'>;

/** Schema of {@link SqliteSettings}. */
export const sqliteSchema = (): z.ZodType<SqliteSettings> =>
  z.strictObject({
    onStateChange: callback<NonNullable<SqliteSettings['onStateChange']>>(),
  } satisfies Record<keyof SqliteSettings, z.ZodType>);

export interface OpenStoreOptions {
  readonly migrate: boolean;
  readonly sqlite?: SqliteSettings | undefined;
  readonly postgres: PostgresSettings;
  readonly telemetry?: Telemetry | undefined;
  /** Carries events between processes on PostgreSQL. Default: they poll the database. Not used on SQLite. */
  readonly carrier?: EventCarrier | undefined;
}

/** Opens the store of a location. @throws STORE_UNAVAILABLE, VALIDATION_ERROR (the settings; Node.js is too old) */
export async function openStore(
  location: DatabaseLocation,
  { migrate, sqlite, postgres, telemetry, carrier }: OpenStoreOptions,
): Promise<OpenedStore> {
  requireSupportedNode();
  if (location.engine === 'sqlite') {
    const { createSqliteBus, createSqliteStore, makeFolder } = await import('@org/store-kysely/sqlite');
    makeDefaultFolder(location, makeFolder);
    const store = await createSqliteStore({ path: location.path, migrate, ...sqlite, telemetry });
    return { store, bus: createSqliteBus({ store }) };
  }
  requirePostgresSettings(postgres);
  const { createPostgresBus, createPostgresStore } = await loadPostgres();
  const store = await createPostgresStore({ url: location.url, migrate, ...postgres, telemetry });
  return { store, bus: createPostgresBus({ store, carrier }) };
}

/** Migrates the database at a location to the schema of this release. @throws STORE_UNAVAILABLE, VALIDATION_ERROR */
export async function migrateStore(location: DatabaseLocation, settings: PostgresSettings): Promise<SchemaChange> {
  requireSupportedNode();
  if (location.engine === 'sqlite') {
    const { makeFolder, migrateSqlite } = await import('@org/store-kysely/sqlite');
    makeDefaultFolder(location, makeFolder);
    return migrateSqlite(location.path);
  }
  const { migratePostgres } = await loadPostgres();
  return migratePostgres(location.url, settings);
}

/** Loads the engine of PostgreSQL. @throws STORE_UNAVAILABLE if pg is not installed */
export const loadPostgres = () =>
  loadAdapter(import('@org/store-kysely/postgres'), { name: 'pg', purpose: 'PostgreSQL' });

/** Creates the default data folder, with access for its user only: recorded work is private. */
function makeDefaultFolder({ path, isDefault }: SqliteLocation, makeFolder: (folder: string) => void): void {
  if (!isDefault) return;
  const folder = dirname(path);
  try {
    makeFolder(folder);
  } catch (error) {
    throw storeUnavailable(
      `The data folder ${folder} cannot be made (${String((error as NodeJS.ErrnoException).code)}). Set XDG_DATA_HOME or the option database to a place that can be written.`,
      { written: 'no', details: { folder }, cause: error },
    );
  }
}
