import {
  createContextStore,
  type ContextStore,
  type ContextStoreOptions,
  type Rephrase,
  type Telemetry,
} from '@org/domain';
import { databaseLocation } from './database-location.js';
import { nameDeployment } from './name-deployment.js';
import { openCache, type CacheSettings } from './open-cache.js';
import { openCarrier, type RedisSettings } from './open-carrier.js';
import { openStore, type SqliteSettings } from './open-store.js';
import type { PostgresSettings } from './postgres-settings.js';
import { requireOptions } from './require-options.js';

/** The options of {@link openContextStore}. All have defaults. */
export interface OpenContextStoreOptions extends ContextStoreOptions {
  /**
   * `postgres://user:password@host:port/database`, `sqlite:PATH` or `sqlite::memory:`. Default: a file in the user's
   * data folder, see `databaseLocation`.
   */
  readonly database?: string | undefined;
  /**
   * Whether to create or migrate the tables if needed. Default: yes. If not, an older schema throws STORE_UNAVAILABLE
   * until `context-store migrate` has run.
   */
  readonly migrate?: boolean | undefined;
  /** Settings for a SQLite file. No effect on PostgreSQL. */
  readonly sqlite?: SqliteSettings | undefined;
  /** Settings for a PostgreSQL database. No effect on SQLite. */
  readonly postgres?: PostgresSettings | undefined;
  /**
   * The Redis through which processes on one PostgreSQL database see each other's changes at once. Without it, they
   * poll, and see changes within about a second. No effect on SQLite.
   */
  readonly redis?: RedisSettings | undefined;
  /** A cache of logs. Default: none. docs/reference/configuration.md says when it helps. */
  readonly cache?: CacheSettings | undefined;
  /** Receives measurements. Default: nothing is measured. */
  readonly telemetry?: Telemetry | undefined;
}

/**
 * Opens a context store on its database, which any number of processes may share. Callers must close it.
 * @throws VALIDATION_ERROR (the options, or a Node.js that is too old), STORE_UNAVAILABLE (the database cannot be used)
 */
export async function openContextStore(options: OpenContextStoreOptions = {}): Promise<ContextStore> {
  requireOptions(options);
  return open(options);
}

/** Opens a context store. For options that were checked before. @param rephrase see `ContextStorePorts` */
export async function open(options: OpenContextStoreOptions, rephrase?: Rephrase): Promise<ContextStore> {
  const { database, migrate = true, sqlite = {}, postgres = {}, redis, cache, telemetry, ...rest } = options;
  const location = databaseLocation(database);
  const named = redis && { ...redis, deployment: redis.deployment ?? (await nameDeployment(location, postgres)) };
  const carrier = await openCarrier(location, named, telemetry);
  const { store: plain, bus } = await openStore(location, { migrate, sqlite, postgres, telemetry, carrier });
  const store = cache === undefined ? plain : await openCache(plain, location, cache, named, telemetry);
  try {
    return createContextStore({ store, bus, telemetry, rephrase }, rest);
  } catch (error) {
    await store.close();
    throw error;
  }
}
