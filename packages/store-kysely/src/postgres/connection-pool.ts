import { ContextStoreError } from '@org/domain';
import { Pool, types, type PoolClient, type QueryResultRow } from 'pg';
import { isConnectionLost, translateConnectError } from './translate-error.js';

export interface ConnectionPoolOptions {
  /** `postgres://user:password@host:port/database`. */
  readonly url: string;
  /** The most connections. */
  readonly size: number;
  /** How long a call waits for a connection, a new one or one that is in use. */
  readonly connectTimeoutMs: number;
  /** How long the server works on one statement, waits for locks included. */
  readonly statementTimeoutMs: number;
  /** How long a connection may hold a transaction open without doing anything. */
  readonly idleInTransactionTimeoutMs: number;
  /** How many calls may wait for a connection. One more is OVERLOADED. */
  readonly maxWaiting: number;
  /** Whether the server keeps statements prepared, by name. */
  readonly namedStatements: boolean;
  readonly observer: PostgresObserver;
}

/** Connections at this moment. */
export interface PoolState {
  readonly size: number;
  readonly inUse: number;
  /** Calls that wait for a connection. */
  readonly waiting: number;
}

/** Sees what the store does to its database. An observer must not throw, and must be quick. */
export interface PostgresObserver {
  /** Called once, with what tells the state of the pool at any later time. */
  readonly poolOpened?: ((state: () => PoolState) => void) | undefined;
  /** A call got its connection. */
  readonly connectionAcquired?: ((waitedMs: number) => void) | undefined;
  /** A statement was answered, or failed. */
  readonly statementRun?: ((statement: string, durationMs: number) => void) | undefined;
}

interface NamedQuery {
  readonly name: string;
  readonly text: string;
  readonly values: readonly unknown[];
  /** Whether it may be run again when nobody knows whether it ran. */
  readonly isRepeatable: boolean;
}

export interface ConnectionPool {
  /** @throws ContextStoreError when no connection could be had (nothing was sent then), else what pg throws */
  readonly run: <Row>(query: NamedQuery) => Promise<Row[]>;
  readonly close: () => Promise<void>;
}

/** Reconnecting costs several round trips and loses the prepared statements; holding an idle connection costs next to nothing. */
const idleTimeoutMs = 300_000;
/** The server ends a statement by itself. When not even that is heard of, the connection is dead. */
const silenceMs = 5000;

export function createConnectionPool(options: ConnectionPoolOptions): ConnectionPool {
  const { size, maxWaiting, namedStatements, observer, statementTimeoutMs } = options;
  const pool = new Pool({
    connectionString: options.url,
    max: size,
    connectionTimeoutMillis: options.connectTimeoutMs,
    idleTimeoutMillis: idleTimeoutMs,
    keepAlive: true,
    statement_timeout: statementTimeoutMs,
    query_timeout: statementTimeoutMs + silenceMs,
    idle_in_transaction_session_timeout: options.idleInTransactionTimeoutMs,
    fallback_application_name: 'context-store',
    types: { getTypeParser },
  });
  // A connection that breaks is replaced when one is needed next. Whoever uses it at that moment hears of it by itself.
  pool.on('error', () => undefined);
  pool.on('connect', (client) => client.on('error', () => undefined));
  observer.poolOpened?.(() => ({
    size,
    inUse: pool.totalCount - pool.idleCount,
    waiting: pool.waitingCount,
  }));

  async function acquire(): Promise<PoolClient> {
    const free = pool.idleCount + size - pool.totalCount;
    if (pool.waitingCount - free >= maxWaiting) throw overloaded();
    const startMs = performance.now();
    try {
      return await pool.connect();
    } catch (error) {
      throw isStillWaiting(error) ? overloaded(error) : translateConnectError(error, options.url);
    } finally {
      observer.connectionAcquired?.(performance.now() - startMs);
    }
  }

  async function runOnce<Row>({ name, text, values }: NamedQuery): Promise<Row[]> {
    const client = await acquire();
    const startMs = performance.now();
    let broken: Error | undefined;
    try {
      const config = namedStatements ? { name, text, values: [...values] } : { text, values: [...values] };
      return (await client.query<Row & QueryResultRow>(config)).rows;
    } catch (error) {
      if (isConnectionLost(error)) broken = error;
      throw error;
    } finally {
      client.release(broken);
      observer.statementRun?.(name, performance.now() - startMs);
    }
  }

  return {
    run: async (query) => {
      try {
        return await runOnce(query);
      } catch (error) {
        if (!query.isRepeatable || !isConnectionLost(error)) throw error;
        return runOnce(query);
      }
    },
    close: () => pool.end(),
  };
}

/** What pg-pool says of a wait for a connection that is in use. A failure to connect reads otherwise. */
const isStillWaiting = (error: unknown): boolean =>
  error instanceof Error && error.message === 'timeout exceeded when trying to connect';

function overloaded(cause?: unknown): ContextStoreError {
  const message =
    'Too many calls are waiting for a database connection. Nothing was written; wait, then send the same call again.';
  return new ContextStoreError('OVERLOADED', message, {}, { cause });
}

/** No number of ours comes near the end of the safe integers; pg would give them as texts. */
export const getTypeParser: typeof types.getTypeParser = (oid, format) =>
  oid === types.builtins.INT8 ? Number : (types.getTypeParser(oid, format) as unknown);
