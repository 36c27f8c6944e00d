import { setTimeout } from 'node:timers/promises';
import { createClient, type RedisClientType } from '@redis/client';

/** A client of the library, without modules or scripts, on the second version of the protocol. */
export type RedisClient = RedisClientType;

export interface RedisConnectionOptions {
  readonly url: string;
  /** For how long the server may leave us without an answer, in milliseconds, before the connection is given up. */
  readonly silenceLimitMs: number;
  /** What a new connection is for. It counts as up when this has worked. */
  readonly prepare: (client: RedisClient) => Promise<unknown>;
  readonly onUp: () => void;
  /** A connection was lost, or none came about. The next attempt follows by itself. */
  readonly onDown: (reason: unknown) => void;
}

/** A connection that is renewed whenever it breaks, until it is closed. */
export interface RedisConnection {
  /** Present while the connection is up. It refuses commands at once when it is down after all. */
  readonly client: () => RedisClient | undefined;
  /** Gives the present connection up for a new one. */
  readonly renew: (reason: unknown) => void;
  /** Nothing of it is left when this resolves: within the time that an attempt to connect takes, at the latest. */
  readonly close: () => Promise<void>;
}

const connectTimeoutMs = 2000;
const [firstPauseMs, longestPauseMs] = [50, 2000];

/**
 * Each attempt has a client of its own. The library's own way to reconnect cannot be ended during a pause or while it
 * connects, and takes a connection on which commands are refused for a good one.
 */
export function keepConnected(options: RedisConnectionOptions): RedisConnection {
  const closing = new AbortController();
  let attempt: Attempt | undefined;

  const run = async (): Promise<void> => {
    let failures = 0;
    while (!closing.signal.aborted) {
      attempt = startAttempt(options);
      const reason = await attempt.outcome(() => (failures = 0));
      if (closing.signal.aborted) return;
      options.onDown(reason);
      await pause(failures, closing.signal);
      failures += 1;
    }
  };
  const ended = run();

  return {
    client: () => attempt?.client(),
    renew: (reason) => attempt?.end(reason),
    close: () => {
      closing.abort();
      attempt?.end(new Error('closed'));
      return ended;
    },
  };
}

interface Attempt {
  readonly client: () => RedisClient | undefined;
  readonly end: (reason: unknown) => void;
  /** Why it is over. */
  readonly outcome: (onUp: () => void) => Promise<unknown>;
}

function startAttempt({ url, silenceLimitMs, prepare, onUp }: RedisConnectionOptions): Attempt {
  const client = createClient({
    url,
    disableOfflineQueue: true,
    disableClientInfo: true,
    // The library counts what it sends as a sign of life too; it sends no second ping before an answer to the first.
    pingInterval: silenceLimitMs / 2,
    socket: { connectTimeout: connectTimeoutMs, socketTimeout: silenceLimitMs, reconnectStrategy: false },
  });
  const { promise: over, resolve: setOver } = Promise.withResolvers<unknown>();
  let [hasSocket, isUp, isOver] = [false, false, false];
  const end = (reason: unknown): void => {
    isOver = true;
    setOver(reason);
    // Before there is a socket the library would leak it, and in the same turn it has not begun to use it.
    if (hasSocket) setImmediate(() => destroy(client));
  };
  client.on('error', end).on('connect', () => {
    hasSocket = true;
    if (isOver) end(undefined);
  });

  return {
    client: () => (isUp && !isOver ? client : undefined),
    end,
    outcome: async (onFirstUp) => {
      try {
        await client.connect();
        await prepare(client);
        isUp = !isOver;
        if (isUp) {
          onFirstUp();
          onUp();
        }
      } catch (error) {
        setOver(error);
      }
      const reason = await over;
      isOver = true;
      destroy(client);
      return reason;
    },
  };
}

/** The library throws when there is nothing left to close, after it has ended its timer and its commands. */
function destroy(client: RedisClient): void {
  try {
    client.destroy();
  } catch {
    // It was closed already.
  }
}

/** Exponential, with jitter: the processes of a deployment don't come back all at once. */
async function pause(failures: number, signal: AbortSignal): Promise<void> {
  const ms = Math.min(firstPauseMs * 2 ** failures, longestPauseMs) * (0.5 + Math.random() / 2);
  await setTimeout(ms, undefined, { signal }).catch(() => undefined);
}
