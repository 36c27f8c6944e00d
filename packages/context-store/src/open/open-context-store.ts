import { createContextStore, type ContextStore, type ContextStoreOptions, type Telemetry } from '@org/domain';
import { databaseLocation } from './database-location.js';
import { nameDeployment } from './name-deployment.js';
import { openCache, requireCacheSettings, type CacheSettings } from './open-cache.js';
import { openCarrier, type RedisSettings } from './open-carrier.js';
import { openStore, type SqliteSettings } from './open-store.js';
import type { PostgresSettings } from './postgres-settings.js';

export interface OpenContextStoreOptions extends ContextStoreOptions {
  /**
   * `postgres://user:password@host:port/database`, `sqlite:PATH` or `sqlite::memory:`. Absent: a file in the user's data
   * folder, see `databaseLocation`.
   */
  readonly database?: string | undefined;
  /**
   * Whether to make or migrate the database's tables when that is needed. Default: yes; otherwise an older schema is
   * refused, for `context-store migrate` to be run apart.
   */
  readonly migrate?: boolean | undefined;
  /** How to use a SQLite file; without effect on PostgreSQL. */
  readonly sqlite?: SqliteSettings | undefined;
  /** How to use a PostgreSQL database; without effect on SQLite. */
  readonly postgres?: PostgresSettings | undefined;
  /**
   * The Redis that tells the processes on one PostgreSQL database of each other's changes at once. It need not be there:
   * without it they see them when they look, within a second or so. A store on SQLite does not use it.
   */
  readonly redis?: RedisSettings | undefined;
  /** What a cache of logs may take. Absent: there is none. Whether it pays is said in docs/reference/configuration.md. */
  readonly cache?: CacheSettings | undefined;
  /** Where measurements go. Absent: nowhere. */
  readonly telemetry?: Telemetry | undefined;
}

/**
 * Opens a context store on its database, which any number of processes may share. Close it when done.
 * @throws VALIDATION_ERROR (the options, or a Node.js that is too old), STORE_UNAVAILABLE (the database cannot be used)
 */
export async function openContextStore(options: OpenContextStoreOptions = {}): Promise<ContextStore> {
  const { database, migrate = true, sqlite = {}, postgres = {}, redis, cache, telemetry, ...rest } = options;
  const location = databaseLocation(database);
  if (cache !== undefined) requireCacheSettings(cache);
  const named = redis && { ...redis, deployment: redis.deployment ?? (await nameDeployment(location, postgres)) };
  const carrier = await openCarrier(location, named, telemetry);
  const { store: plain, bus } = await openStore(location, { migrate, sqlite, postgres, telemetry, carrier });
  const store = cache === undefined ? plain : await openCache(plain, location, cache, named, telemetry);
  try {
    return createContextStore({ store, bus, telemetry }, rest);
  } catch (error) {
    await store.close();
    throw error;
  }
}
