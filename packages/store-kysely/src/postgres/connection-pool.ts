import { setTimeout } from 'node:timers/promises';
import { ContextStoreError, type Telemetry } from '@org/domain';
import { Pool, types, type PoolClient, type PoolConfig, type QueryResultRow } from 'pg';
import { connectionConfig, silenceMs, type ConnectionOptions } from './connection-config.js';
import { longestTimerMs } from './longest-timer-ms.js';
import {
  isConnectionBroken,
  isConnectionUseless,
  isNeverSent,
  isRolledBackByConflict,
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
  readonly close: () => Promise<void>;
}

/** Reconnecting costs several round trips and loses the prepared statements; holding an idle connection costs next to nothing. */
const idleTimeoutMs = 300_000;
/** How often a statement is run at most that the server undoes because of another transaction. */
const maxTries = 10;

export function createConnectionPool(options: ConnectionPoolOptions): ConnectionPool {
  const { url, size, maxWaiting, transactionPooler, telemetry } = options;
  const pool = new Pool(poolConfig(options));
  // A connection that breaks is replaced when one is needed next. Whoever uses it at that moment hears of it by itself.
  pool.on('error', () => undefined);
  pool.on('connect', (client) => client.on('error', () => undefined));
  let runningStatements = 0;
  const stopObserving = telemetry.observePool(() => ({
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
      // When nobody has a connection either, it is the server that lets all of them wait.
      const isBusy = isStillWaiting(error) && runningStatements > 0;
      throw isBusy ? overloaded(error) : translateConnectError(error, url);
    } finally {
      telemetry.recordPoolWait(performance.now() - startMs);
    }
  }

  async function runOnce<Row>({ name, text, values }: NamedQuery): Promise<Row[]> {
    const client = await acquire();
    const startMs = performance.now();
    let broken: Error | undefined;
    runningStatements += 1;
    try {
      const config = transactionPooler ? { text, values: [...values] } : { name, text, values: [...values] };
      return (await client.query<Row & QueryResultRow>(config)).rows;
    } catch (error) {
      if (isConnectionUseless(error)) broken = error;
      throw error;
    } finally {
      runningStatements -= 1;
      client.release(broken);
      telemetry.recordStatement(name, performance.now() - startMs);
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
    close: () => {
      stopObserving();
      return pool.end();
    },
  };
}

function poolConfig(options: ConnectionPoolOptions): PoolConfig {
  const { size, transactionPooler, statementTimeoutMs, idleInTransactionTimeoutMs } = options;
  return {
    ...connectionConfig(options),
    max: size,
    idleTimeoutMillis: idleTimeoutMs,
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
 * Each statement is a transaction of its own: what was undone as a whole, or never sent, may be run again whatever it
 * does. One whose connection broke may have been carried out.
 */
function mayRunAgain(error: unknown, { isRepeatable }: NamedQuery, tries: number): boolean {
  if (isRolledBackByConflict(error)) return tries < maxTries;
  return tries === 1 && (isNeverSent(error) || (isRepeatable && isConnectionBroken(error)));
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
