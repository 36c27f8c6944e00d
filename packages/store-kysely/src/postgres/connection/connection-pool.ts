import { setTimeout } from 'node:timers/promises';
import { ContextStoreError, storeUnavailable, type PoolState, type Telemetry } from '@org/domain';
import { Pool, types, type Client, type PoolClient, type PoolConfig, type QueryConfig, type QueryResultRow } from 'pg';
import { connectionConfig, silenceMs, type ConnectionOptions } from './connection-config.js';
import { createLiveConnections } from './live-connections.js';
import { longestTimerMs } from './longest-timer-ms.js';
import { createSilenceWatch, type SilenceWatch } from './silence-watch.js';
import {
  failureOf,
  isConnectionLost,
  isNeverSent,
  isRefusedByConnection,
  isRolledBackByConflict,
  isStillWaiting,
  serverSilent,
  translateConnectError,
  translateReadError,
} from './translate-error.js';

export interface ConnectionPoolOptions extends ConnectionOptions {
  /** Maximum number of connections. */
  readonly size: number;
  /** How long the server may work on one statement, including waits for locks. */
  readonly statementTimeoutMs: number;
  /** How long a transaction may stay open without a statement. */
  readonly idleInTransactionTimeoutMs: number;
  /** How many calls may wait for a connection. Further calls throw OVERLOADED. */
  readonly maxWaiting: number;
  readonly telemetry: Telemetry;
}

interface NamedQuery {
  readonly name: string;
  readonly text: string;
  readonly values: readonly unknown[];
  /** Whether the statement may run again if it is unknown whether the server carried it out. */
  readonly isRepeatable: boolean;
}

export interface ConnectionPool {
  /** Throws a ContextStoreError if there is no connection (nothing was sent then), and otherwise what pg throws. */
  readonly run: <Row>(query: NamedQuery) => Promise<Row[]>;
  /** Breaks the connections in use, so that their statements fail at once. Further calls throw STORE_UNAVAILABLE. */
  readonly abandon: () => void;
  readonly close: () => Promise<void>;
}

/** Reconnecting costs several round trips and loses the prepared statements; holding an idle connection costs next to nothing. */
const idleTimeoutMs = 300_000;
/** Some changes cause no failure, such as a host name that now names another server. New connections notice them. */
const maxLifetimeSeconds = 600;
/** Maximum number of tries of a statement that the server rolls back because of another transaction. */
const maxTries = 10;

export function createConnectionPool(options: ConnectionPoolOptions): ConnectionPool {
  const { url, size, maxWaiting, transactionPooler, telemetry } = options;
  const pool = openPool(options);
  const connections = createLiveConnections(pool, options);
  const inUse = new Set<PoolClient>();
  const silence = createSilenceWatch(Math.min(options.statementTimeoutMs + silenceMs, longestTimerMs));
  let isAbandoned = false;
  const stopObserving = telemetry.observePool(() => usageOf(pool, size));

  async function acquire(): Promise<PoolClient> {
    if (isAbandoned) throw storeClosing();
    if (waitingOf(pool, size) >= maxWaiting) throw overloaded();
    const startMs = performance.now();
    try {
      return await connections.connect();
    } catch (error) {
      // If no connection is in use, the server is the reason for the wait.
      const isBusy = isStillWaiting(error) && inUse.size > 0;
      throw isBusy ? overloaded(error) : translateConnectError(error, url);
    } finally {
      telemetry.recordPoolWait(performance.now() - startMs);
    }
  }

  async function runOnce<Row>({ name, text, values }: NamedQuery): Promise<Row[]> {
    const client = await acquire();
    const startMs = performance.now();
    let failure: unknown;
    inUse.add(client);
    try {
      if (isAbandoned) throw storeClosing();
      const config = transactionPooler ? { text, values: [...values] } : { name, text, values: [...values] };
      return await send<Row>(client, config, silence);
    } catch (error) {
      failure = error;
      throw error;
    } finally {
      inUse.delete(client);
      connections.release(client, failure, startMs);
      telemetry.recordStatement(name, performance.now() - startMs, 'postgresql', failureOf(failure));
    }
  }

  return {
    run: async (query) => {
      for (let tries = 1; ; tries += 1) {
        try {
          return await runOnce(query);
        } catch (error) {
          if (!mayRunAgain(error, query, tries)) throw query.isRepeatable ? translateReadError(error, url) : error;
        }
        // A random pause keeps transactions that conflicted from conflicting again.
        if (tries > 1) await setTimeout(Math.random() * tries);
      }
    },
    abandon: () => {
      isAbandoned = true;
      endConnections(inUse);
    },
    close: () => {
      stopObserving();
      return pool.end();
    },
  };
}

/**
 * Sends a statement. pg's own promise and `query_timeout` are not used: their closures keep the rows of finished
 * statements alive until V8 collects its old space. Short collections then take 30 times as long.
 */
function send<Row>(client: PoolClient, config: QueryConfig, silence: SilenceWatch): Promise<Row[]> {
  return new Promise((resolve, reject) => {
    const endWait = silence.begin(() => reject(serverSilent()));
    client.query<Row & QueryResultRow>(config, (error: Error | null, result) => {
      endWait();
      if (error === null) resolve(result.rows);
      else reject(error);
    });
  });
}

/** A broken connection fails its statement, and is replaced when the next one is needed. */
function openPool(options: ConnectionPoolOptions): Pool {
  const pool = new Pool(poolConfig(options));
  pool.on('error', () => undefined);
  pool.on('connect', (client) => client.on('error', () => undefined));
  return pool;
}

/** During a statement, `end` does not wait for the server: it breaks the connection. */
function endConnections(clients: Iterable<PoolClient>): void {
  for (const client of clients) void (client as PoolClient & Client).end();
}

/** How many calls wait for a connection that another call uses. */
const waitingOf = (pool: Pool, size: number): number => pool.waitingCount - (pool.idleCount + size - pool.totalCount);

const usageOf = (pool: Pool, size: number): PoolState => ({
  size,
  inUse: pool.totalCount - pool.idleCount,
  waiting: pool.waitingCount,
});

function poolConfig(options: ConnectionPoolOptions): PoolConfig {
  const { size, transactionPooler, statementTimeoutMs, idleInTransactionTimeoutMs } = options;
  return {
    ...connectionConfig(options),
    max: size,
    idleTimeoutMillis: idleTimeoutMs,
    maxLifetimeSeconds,
    ...(!transactionPooler && {
      statement_timeout: statementTimeoutMs,
      idle_in_transaction_session_timeout: idleInTransactionTimeoutMs,
    }),
    fallback_application_name: 'context-store',
    types: { getTypeParser },
  };
}

/**
 * Each statement is one transaction. A statement that was rolled back or never sent may always run again. A statement
 * whose connection broke may have been carried out; it runs again only if it is repeatable.
 */
function mayRunAgain(error: unknown, { isRepeatable }: NamedQuery, tries: number): boolean {
  if (isRolledBackByConflict(error)) return tries < maxTries;
  return (
    tries === 1 && (isNeverSent(error) || isRefusedByConnection(error) || (isRepeatable && isConnectionLost(error)))
  );
}

function overloaded(cause?: unknown): ContextStoreError {
  const message =
    'Too many calls are waiting for a database connection. Nothing was written; wait, then send the same call again.';
  return new ContextStoreError('OVERLOADED', message, { retryAfterMs: 1000 }, { cause });
}

const storeClosing = (): ContextStoreError => storeUnavailable('The store is closing.', { written: 'no' });

/** pg returns 64-bit integers as texts. The store's numbers are all safe integers. */
export const getTypeParser: typeof types.getTypeParser = (oid, format) =>
  oid === types.builtins.INT8 ? Number : (types.getTypeParser(oid, format) as unknown);
