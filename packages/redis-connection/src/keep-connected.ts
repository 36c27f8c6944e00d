import { setTimeout } from 'node:timers/promises';
import { createClient, type RedisClientType } from '@redis/client';
import { within } from './within.js';

/** A client without modules or scripts, on version 2 of the protocol. */
export type RedisClient = RedisClientType;

export interface RedisConnectionOptions {
  readonly url: string;
  /** How long the server may stay silent, in milliseconds, before the connection counts as broken. */
  readonly silenceLimitMs: number;
  /** Runs on each new connection, which counts as up when this has resolved. */
  readonly prepare: (client: RedisClient) => Promise<unknown>;
  /** The longest pause between two attempts to connect, in milliseconds. Default: 2,000. */
  readonly longestPauseMs?: number | undefined;
  readonly onUp?: (() => void) | undefined;
  /** Called after each lost connection and after each failed attempt. The next attempt follows after a pause. */
  readonly onDown: (reason: unknown) => void;
}

/** A connection that is renewed whenever it breaks, until it is closed. */
export interface RedisConnection {
  /** Returns the client while the connection is up, else undefined. The client fails commands at once when it is down. */
  readonly client: () => RedisClient | undefined;
  /** Replaces the present connection by a new one. */
  readonly renew: (reason: unknown) => void;
  /** Resolves when nothing of it is left: at the latest when an attempt to connect that is under way has timed out. */
  readonly close: () => Promise<void>;
}

/** How long connecting may take, the handshake and TLS included. */
const connectLimitMs = 2000;
const firstPauseMs = 50;

/** Connects, and connects again after each failure. The pause before that doubles from 50 ms to `longestPauseMs`. */
export function keepConnected(options: RedisConnectionOptions): RedisConnection {
  const { longestPauseMs = 2000, onUp, onDown } = options;
  const closing = new AbortController();
  let attempt: Attempt | undefined;

  const run = async (): Promise<void> => {
    for (let failures = 0; !closing.signal.aborted; failures += 1) {
      let upSinceMs = Infinity;
      attempt = startAttempt(options);
      const reason = await attempt.outcome(() => {
        upSinceMs = performance.now();
        onUp?.();
      });
      if (closing.signal.aborted) return;
      onDown(reason);
      // A connection that breaks soon after each start is retried as seldom as one that never comes up.
      if (performance.now() - upSinceMs > longestPauseMs) failures = 0;
      await pause(Math.min(firstPauseMs * 2 ** failures, longestPauseMs), closing.signal);
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

/** One connection, from the attempt to connect to its end. */
interface Attempt {
  readonly client: () => RedisClient | undefined;
  readonly end: (reason: unknown) => void;
  /** Resolves with the reason when the connection has ended. */
  readonly outcome: (onUp: () => void) => Promise<unknown>;
}

/**
 * Each attempt makes a new client. The library's own reconnecting is off: it cannot be ended while it pauses or connects,
 * and it reports a connection as ready on which Redis refuses commands.
 */
function startAttempt({ url, silenceLimitMs, prepare }: RedisConnectionOptions): Attempt {
  const client: RedisClient = createClient({
    url,
    disableOfflineQueue: true,
    disableClientInfo: true,
    // The library sends no second ping before the first is answered, and counts a ping that it sends as activity.
    pingInterval: silenceLimitMs / 2,
    socket: { connectTimeout: connectLimitMs, socketTimeout: silenceLimitMs, reconnectStrategy: false },
  });
  const { promise: over, resolve: setOver } = Promise.withResolvers<unknown>();
  let [hasSocket, isUp, isOver] = [false, false, false];
  const end = (reason: unknown): void => {
    isOver = true;
    setOver(reason);
    // The library leaks a socket that connects after `destroy`; while it emits 'connect' it does not know the socket yet.
    if (hasSocket) setImmediate(() => destroy(client));
  };
  client.on('error', end).on('connect', () => {
    hasSocket = true;
    if (isOver) end(undefined);
  });

  return {
    client: () => (isUp && !isOver ? client : undefined),
    end,
    outcome: async (onUp) => {
      try {
        await within(connectLimitMs, client.connect());
        await prepare(client);
        isUp = !isOver;
        if (isUp) onUp();
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

/** The library throws if the client is closed already. It has ended its timer and its commands by then. */
function destroy(client: RedisClient): void {
  try {
    client.destroy();
  } catch {
    // Closed already.
  }
}

/** With jitter: the processes of a deployment must not come back all at once. */
async function pause(ms: number, signal: AbortSignal): Promise<void> {
  await setTimeout(ms * (0.5 + Math.random() / 2), undefined, { signal, ref: false }).catch(() => undefined);
}
