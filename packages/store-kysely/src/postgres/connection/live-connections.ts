import { ContextStoreError } from '@org/domain';
import type { Client, Pool, PoolClient } from 'pg';
import { connectionConfig, type ConnectionOptions } from './connection-config.js';
import { abortable } from './abortable.js';
import { createServerChoice, type ServerChoice } from './server-choice.js';
import {
  isConnectionLost,
  isConnectionUseless,
  isPlanOutdated,
  isReadOnly,
  isStillWaiting,
} from './translate-error.js';

/** The connections of a pool, without those that would fail. */
export interface LiveConnections {
  /** Throws what the pool throws, and STORE_UNAVAILABLE if none of several servers can be used. */
  readonly connect: () => Promise<PoolClient>;
  /**
   * Releases a connection. A failure that other connections share retires them too, so that it costs one call instead of
   * one per connection.
   *
   * @param failure what the statement threw
   * @param startMs when the statement was sent, as of `performance.now()`
   */
  readonly release: (client: PoolClient, failure: unknown, startMs: number) => void;
}

/** If a younger connection than this is read-only, the other connections are not known to lead to a former primary. */
const freshForMs = 1000;

export function createLiveConnections(pool: Pool, options: ConnectionOptions): LiveConnections {
  const choice = createServerChoice(options);
  const madeAtMs = new WeakMap<PoolClient, number>();
  let retiredBeforeMs = 0;
  let target: string | undefined;
  pool.on('connect', (client) => madeAtMs.set(client, performance.now()));
  const ageMs = (client: PoolClient): number => performance.now() - (madeAtMs.get(client) ?? 0);

  async function connect(): Promise<PoolClient> {
    if (choice !== undefined) await follow(choice);
    for (;;) {
      const client = await abortable(() => pool.connect(), giveBack);
      if ((madeAtMs.get(client) ?? 0) >= retiredBeforeMs) return client;
      discard(client);
    }
  }

  async function follow({ current }: ServerChoice): Promise<void> {
    const url = await current();
    if (url === target) return;
    target = url;
    Object.assign(pool.options, connectionConfig({ ...options, url }));
    retiredBeforeMs = performance.now();
  }

  return {
    connect: async () => {
      try {
        return await connect();
      } catch (error) {
        const isServerFault = !(error instanceof ContextStoreError) && !isStillWaiting(error);
        if (choice === undefined || !isServerFault) throw error;
        choice.invalidate();
        return connect();
      }
    },
    release: (client, failure, startMs) => {
      if (isConnectionLost(failure)) retiredBeforeMs = Math.max(retiredBeforeMs, startMs);
      if (isPlanOutdated(failure) || (isReadOnly(failure) && ageMs(client) > freshForMs))
        retiredBeforeMs = performance.now();
      if (isReadOnly(failure) || isConnectionLost(failure)) choice?.invalidate();
      client.release(isConnectionUseless(failure) ? failure : undefined);
    },
  };
}

/** Releases the connection that an aborted call waited for. */
function giveBack(connecting: Promise<PoolClient>): true {
  connecting.then(
    (client) => client.release(),
    () => undefined,
  );
  return true;
}

/** Closes the socket without notice: a silent server would never answer, and the process would wait for it. */
function discard(client: PoolClient): void {
  (client as PoolClient & Client).connection.stream.destroy();
  client.release(true);
}
