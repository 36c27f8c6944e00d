import { createLifeCycle, mapStore, noTelemetry, type Store, type Telemetry } from '@org/domain';
import { createSettler, type Settler } from '../settler.js';
import { createConnectionPool, type ConnectionPool } from './connection/connection-pool.js';
import { createDatabase } from './statements/database.js';
import { defaultSettings } from './default-settings.js';
import { operationSignal } from './connection/abortable.js';
import { longestTimerMs } from './connection/longest-timer-ms.js';
import { migratePostgres, requireSchema } from './schema/migrate.js';
import { prepareOperations } from './operations/operations.js';
import { translateError } from './connection/translate-error.js';

export interface PostgresStoreOptions {
  /** `postgres://user:password@host:port/database`. */
  readonly url: string;
  /** Whether to migrate the database to the schema of this release. Default: yes. If not, it must have that schema. */
  readonly migrate?: boolean | undefined;
  /** Maximum number of connections. Default: two per core. */
  readonly poolSize?: number | undefined;
  /**
   * How many calls may wait for a connection, how many appends for a batch, and how many looks of a cache at the ends of
   * logs for a statement. Further ones throw OVERLOADED. Default: 10,000.
   */
  readonly maxWaiting?: number | undefined;
  /** How long a call waits for a connection, in milliseconds. Default: 5,000. */
  readonly connectTimeoutMs?: number | undefined;
  /** How long the server may work on one statement, including waits for locks, in milliseconds. Default: 10,000. */
  readonly statementTimeoutMs?: number | undefined;
  /** How long a transaction may stay open without a statement, in milliseconds. Default: 10,000. */
  readonly idleInTransactionTimeoutMs?: number | undefined;
  /**
   * Whether the connections go through a pooler that pools by transaction (PgBouncer with `pool_mode = transaction`).
   * Statements are not prepared then, and the server's own settings apply instead of the two timeouts. Default: no.
   */
  readonly transactionPooler?: boolean | undefined;
  /**
   * The schema (the namespace in the database) of the tables; it must exist. Statements name it, so that it holds behind a
   * pooler too. Default: the first of the user's `search_path` that holds them, or else its first.
   */
  readonly schema?: string | undefined;
  /** Records statements and the use of the pool. Default: none; `openContextStore` passes its telemetry. */
  readonly telemetry?: Telemetry | undefined;
  /** How far the store's clock is ahead of the database's, in milliseconds. For tests. */
  readonly clockOffsetMs?: (() => number) | undefined;
}

export interface PostgresStore extends Store {
  /** Returns a text that changes when any process has written to the server. */
  readonly readChangeMark: () => Promise<string>;
}

/**
 * Opens a store in a PostgreSQL database, which any number of processes may share. Acknowledged writes are committed.
 *
 * @throws VALIDATION_ERROR for a URL that cannot be read
 * @throws STORE_UNAVAILABLE if the server cannot be reached or is not supported, or the schema cannot be migrated or is
 *   of a newer release
 */
export async function createPostgresStore(options: PostgresStoreOptions): Promise<PostgresStore> {
  const { url, migrate = true, poolSize = defaultSettings.poolSize, maxWaiting = defaultSettings.maxWaiting } = options;
  const { connectTimeoutMs = defaultSettings.connectTimeoutMs, transactionPooler = false } = options;
  const { telemetry = noTelemetry, clockOffsetMs = () => 0 } = options;
  const connection = { url, connectTimeoutMs, transactionPooler };
  const prepareSchema = migrate ? migratePostgres : requireSchema;
  const { schema } = await prepareSchema(url, { ...connection, schema: options.schema });
  const pool = createConnectionPool({
    ...connection,
    size: poolSize,
    statementTimeoutMs: options.statementTimeoutMs ?? defaultSettings.statementTimeoutMs,
    idleInTransactionTimeoutMs: options.idleInTransactionTimeoutMs ?? defaultSettings.idleInTransactionTimeoutMs,
    maxWaiting,
    telemetry,
  });
  const database = createDatabase(pool, { schema, clockOffsetMs });
  // The other half of the pool serves all other calls. At least two, because one batch may wait for a lock.
  const flushes = Math.max(2, Math.ceil(poolSize / 2));
  const batches = { flushes, maxWaiting, telemetry };
  const operations = prepareOperations(database, batches, (found) => settler.notice(found));
  const settler = createSettler({
    // These run without the signal of the call that noticed the changes, so they go on if that call is aborted.
    settleLeases: (namespace) => operationSignal.run(undefined, () => operations.settleDueLeases(namespace)),
    expireOffers: (handoffRowIds) => operationSignal.run(undefined, () => operations.expireOffers(handoffRowIds)),
  });
  return openStore(operations, settler, url, pool);
}

function openStore(
  operations: ReturnType<typeof prepareOperations>,
  settler: Settler,
  url: string,
  pool: ConnectionPool,
): PostgresStore {
  const lifeCycle = createLifeCycle(async (settled, withinMs) => {
    const tooLong = setTimeout(pool.abandon, Math.min(withinMs, longestTimerMs));
    await Promise.allSettled([settler.close(), settled]);
    clearTimeout(tooLong);
    await pool.close();
  });

  const serve = async <Answer>(run: () => Promise<Answer>, signal?: AbortSignal): Promise<Answer> => {
    try {
      return await lifeCycle.run(() => operationSignal.run(signal, run));
    } catch (error) {
      throw translateError(error, url);
    }
  };

  return {
    ...mapStore(operations, ({ run, signal }) => serve(() => run(), signal)),
    ping: () => serve(operations.ping),
    readChangeMark: () => serve(operations.readChangeMark),
    close: lifeCycle.close,
  };
}
