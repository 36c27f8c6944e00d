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

/** The connections of a pool without those that are not worth a try any more. */
export interface LiveConnections {
  /** @throws what the pool throws; STORE_UNAVAILABLE when none of several servers is of use */
  readonly connect: () => Promise<PoolClient>;
  /**
   * Gives a connection back. What made its statement fail makes those of its siblings fail next, each at the cost of a
   * call: they are retired with it.
   *
   * @param failure what the statement threw
   * @param startMs when the statement was sent, as of `performance.now()`
   */
  readonly release: (client: PoolClient, failure: unknown, startMs: number) => void;
}

/** A younger connection does not tell that its siblings are those of a former primary. */
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

/** The call that waited for the connection does not need it any more. */
function giveBack(connecting: Promise<PoolClient>): true {
  connecting.then(
    (client) => client.release(),
    () => undefined,
  );
  return true;
}

/** Without a farewell: a peer that fell silent would never answer it, and the process would wait. */
function discard(client: PoolClient): void {
  (client as PoolClient & Client).connection.stream.destroy();
  client.release(true);
}
