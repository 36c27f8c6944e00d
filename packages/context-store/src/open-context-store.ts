import { mkdir } from 'node:fs/promises';
import { dirname } from 'node:path';
import {
  ContextStoreError,
  createContextStore,
  type ContextStore,
  type ContextStoreOptions,
  type Store,
  type Telemetry,
} from '@org/domain';
import { databaseLocation, type DatabaseLocation } from './database-location.js';
import { requireSupportedNode } from './node-version.js';

export interface OpenContextStoreOptions extends ContextStoreOptions {
  /** `sqlite:PATH` or `sqlite::memory:`. Absent: a file in the user's data folder, see `databaseLocation`. */
  readonly database?: string | undefined;
  /** Where measurements go. Absent: nowhere. */
  readonly telemetry?: Telemetry | undefined;
}

/**
 * Opens a context store on its database, which is made or migrated when that is needed. Several processes may open the
 * same file. Close it when done.
 * @throws VALIDATION_ERROR (the options, or a Node.js that is too old), STORE_UNAVAILABLE (the database cannot be used)
 */
export async function openContextStore(options: OpenContextStoreOptions = {}): Promise<ContextStore> {
  const { database, telemetry, ...rest } = options;
  const location = databaseLocation(database);
  const store = await openStore(location);
  try {
    return createContextStore({ store, telemetry }, rest);
  } catch (error) {
    await store.close();
    throw error;
  }
}

async function openStore(location: DatabaseLocation): Promise<Store> {
  requireSupportedNode();
  if (location.isDefault) await makeFolder(dirname(location.path));
  // Loaded here, so that a process pays for the engine that it uses, and only after the check above.
  const { createSqliteStore } = await import('@org/store-kysely/sqlite');
  return createSqliteStore({ path: location.path });
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
