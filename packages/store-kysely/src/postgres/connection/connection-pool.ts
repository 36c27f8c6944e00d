import { setTimeout } from 'node:timers/promises';
import { ContextStoreError, storeUnavailable, type PoolState, type Telemetry } from '@org/domain';
import { Pool, types, type Client, type PoolClient, type PoolConfig, type QueryResultRow } from 'pg';
import { connectionConfig, silenceMs, type ConnectionOptions } from './connection-config.js';
import { createLiveConnections } from './live-connections.js';
import { longestTimerMs } from './longest-timer-ms.js';
import {
  failureOf,
  isConnectionLost,
  isNeverSent,
  isRefusedByConnection,
  isRolledBackByConflict,
  isStillWaiting,
  translateConnectError,
  translateReadError,
} from './translate-error.js';

export interface ConnectionPoolOptions extends ConnectionOptions {
  /** The most connections. */
  readonly size: number;
  /** How long the server works on one statement, waits for locks included. */
  readonly statementTimeoutMs: number;
  /** How long a connection may hold a transaction open without doing anything. */
  readonly idleInTransactionTimeoutMs: number;
  /** How many calls may wait for a connection. One more is OVERLOADED. */
  readonly maxWaiting: number;
  readonly telemetry: Telemetry;
}

interface NamedQuery {
  readonly name: string;
  readonly text: string;
  readonly values: readonly unknown[];
  /** Whether it may be run again when nobody knows whether it was carried out. */
  readonly isRepeatable: boolean;
}

export interface ConnectionPool {
  /** @throws ContextStoreError when no connection could be had (nothing was sent then), else what pg throws */
  readonly run: <Row>(query: NamedQuery) => Promise<Row[]>;
  /** Breaks the connections that are in use: whoever uses one hears of it at once. Nothing is run any more. */
  readonly abandon: () => void;
  readonly close: () => Promise<void>;
}

/** Reconnecting costs several round trips and loses the prepared statements; holding an idle connection costs next to nothing. */
const idleTimeoutMs = 300_000;
/** What no failure tells of, such as a host name that means another server now, is seen after such a time. */
const maxLifetimeSeconds = 600;
/** How often a statement is run at most that the server undoes because of another transaction. */
const maxTries = 10;

export function createConnectionPool(options: ConnectionPoolOptions): ConnectionPool {
  const { url, size, maxWaiting, transactionPooler, telemetry } = options;
  const pool = openPool(options);
  const connections = createLiveConnections(pool, options);
  const inUse = new Set<PoolClient>();
  let isAbandoned = false;
  const stopObserving = telemetry.observePool(() => usageOf(pool, size));

  async function acquire(): Promise<PoolClient> {
    if (isAbandoned) throw storeClosing();
    if (waitingOf(pool, size) >= maxWaiting) throw overloaded();
    const startMs = performance.now();
    try {
      return await connections.connect();
    } catch (error) {
      // When nobody has a connection either, it is the server that lets all of them wait.
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
      return (await client.query<Row & QueryResultRow>(config)).rows;
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
        // Those that ran into each other should not do so again.
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

/** A connection that breaks is replaced when one is needed next. A statement that is under way on it fails. */
function openPool(options: ConnectionPoolOptions): Pool {
  const pool = new Pool(poolConfig(options));
  pool.on('error', () => undefined);
  pool.on('connect', (client) => client.on('error', () => undefined));
  return pool;
}

/** In the middle of a statement, this is no farewell to the server: the connection breaks. */
function endConnections(clients: Iterable<PoolClient>): void {
  for (const client of clients) void (client as PoolClient & Client).end();
}

/** How many calls wait for a connection that is in use. */
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
    query_timeout: Math.min(statementTimeoutMs + silenceMs, longestTimerMs),
    ...(!transactionPooler && {
      statement_timeout: statementTimeoutMs,
      idle_in_transaction_session_timeout: idleInTransactionTimeoutMs,
    }),
    fallback_application_name: 'context-store',
    types: { getTypeParser },
  };
}

/**
 * Each statement is a transaction of its own: what was undone as a whole, or never run, may be run again whatever it
 * does. One whose connection broke, or fell silent, may have been carried out.
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

/** No number of ours comes near the end of the safe integers; pg would give them as texts. */
export const getTypeParser: typeof types.getTypeParser = (oid, format) =>
  oid === types.builtins.INT8 ? Number : (types.getTypeParser(oid, format) as unknown);
