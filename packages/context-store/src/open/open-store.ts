import { dirname } from 'node:path';
import { storeUnavailable, type EventBus, type Store, type Telemetry } from '@org/domain';
import type { EventCarrier } from '@org/store-kysely/postgres';
import type { SchemaChange, SqliteStoreOptions } from '@org/store-kysely/sqlite';
import type { DatabaseLocation, SqliteLocation } from './database-location.js';
import { requireSupportedNode } from '../node-version.js';
import { requirePostgresSettings, type PostgresSettings } from './postgres-settings.js';

// Each engine is loaded where it is used, so that a process pays for its own alone.

/** What an engine brings along. */
export interface OpenedStore {
  readonly store: Store;
  /** How processes on one database hear of each other. */
  readonly bus: EventBus;
}

/** How a process uses a SQLite file. */
export type SqliteSettings = Pick<SqliteStoreOptions, 'onStateChange'>;

export interface OpenStoreOptions {
  readonly migrate: boolean;
  readonly sqlite?: SqliteSettings | undefined;
  readonly postgres: PostgresSettings;
  readonly telemetry?: Telemetry | undefined;
  /** Absent: the database's own means have to do, as they always do on SQLite. */
  readonly carrier?: EventCarrier | undefined;
}

/** Opens the store of a location. @throws STORE_UNAVAILABLE, VALIDATION_ERROR (the settings, or a Node.js that is too old) */
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
  const { createPostgresBus, createPostgresStore } = await import('@org/store-kysely/postgres');
  const store = await createPostgresStore({ url: location.url, migrate, ...postgres, telemetry });
  return { store, bus: createPostgresBus({ store, carrier }) };
}

/** Brings what lies at a location to the schema of this release. @throws as {@link openStore} does */
export async function migrateStore(location: DatabaseLocation, settings: PostgresSettings): Promise<SchemaChange> {
  requireSupportedNode();
  if (location.engine === 'sqlite') {
    const { makeFolder, migrateSqlite } = await import('@org/store-kysely/sqlite');
    makeDefaultFolder(location, makeFolder);
    return migrateSqlite(location.path);
  }
  const { migratePostgres } = await import('@org/store-kysely/postgres');
  return migratePostgres(location.url, settings);
}

/** The folder that is ours to make. Recorded work is private: it is for its user alone. */
function makeDefaultFolder({ path, isDefault }: SqliteLocation, makeFolder: (folder: string) => void): void {
  if (!isDefault) return;
  const folder = dirname(path);
  try {
    makeFolder(folder);
  } catch (error) {
    throw storeUnavailable(
      `The data folder ${folder} cannot be made (${String((error as NodeJS.ErrnoException).code)}). Set XDG_DATA_HOME or DATABASE_URL to a place that can be written.`,
      { written: 'no', details: { folder }, cause: error },
    );
  }
}
