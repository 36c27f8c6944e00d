import KeyvRedis from '@keyv/redis';
import {
  createConnectionReport,
  keepConnected,
  within,
  type ConnectionState,
  type RedisClient,
} from '@org/redis-connection';
import { Keyv } from 'keyv';
import { formatVersion } from './log-part.js';
import type { SharedLevel } from './shared-level.js';

export interface RedisLevelOptions {
  /** `redis://user:password@host:port`, or `rediss://` for TLS. */
  readonly url: string;
  /** Names the processes that share the cache. Other deployments on the same Redis must have other names. */
  readonly deployment: string;
  /** Is called once for each change of the state, not for each attempt to connect. It must not throw. */
  readonly onStateChange?: ((state: ConnectionState) => void) | undefined;
  /** How long Redis may take to answer a command, in milliseconds. Default: 50. */
  readonly limitMs?: number | undefined;
}

/** After this many failures the connection is given up, and Redis is not asked until a new one works. */
const failuresAllowed = 3;
/**
 * This many answers make up for one failure. If one were enough, a Redis that fails every other command would stay in
 * use: a full one, for example, answers each look-up and refuses the page that is kept after it.
 */
const answersPerFailure = 10;
/** How many writes may be under way. Further pages are not kept. */
const writesAtOnce = 64;
const longestPauseMs = 10_000;
const silenceLimitMs = 10_000;

/** What is asked of Keyv. A text is stored as it is, without Keyv's envelope, and Redis expires it. */
interface KeptTexts {
  readonly keyv: Keyv<string>;
  failures: number;
}

/**
 * Shares what processes have read through Redis, behind a circuit breaker: while Redis is unreachable, full or slow, no
 * call asks it or waits for it. A new connection is tried in the background, and used once it has stored a probe and
 * returned it within the limit.
 */
export function createRedisLevel({ url, deployment, onStateChange, limitMs = 50 }: RedisLevelOptions): SharedLevel {
  const namespace = `context-store:${deployment}:cache:${formatVersion}`;
  const report = createConnectionReport(onStateChange);
  const texts = new WeakMap<RedisClient, KeptTexts>();
  const writes = new Set<Promise<unknown>>();

  async function probe(client: RedisClient): Promise<void> {
    const kept = { keyv: openKeyv(client, namespace), failures: 0 };
    await within(limitMs, kept.keyv.set('probe', namespace, silenceLimitMs));
    const found = await within(limitMs, kept.keyv.get('probe'));
    if (found !== namespace) throw new Error('Redis does not keep what it is given');
    texts.set(client, kept);
  }

  const connection = keepConnected({
    url,
    silenceLimitMs,
    longestPauseMs,
    prepare: probe,
    onUp: () => report.up('cache'),
    onDown: (reason) => report.down('cache', reason),
  });

  /** Returns undefined if Redis is not in use or the command fails. */
  async function attempt<T>(command: (keyv: Keyv<string>) => Promise<T>): Promise<T | undefined> {
    const client = connection.client();
    const kept = client && texts.get(client);
    if (kept === undefined) return undefined;
    try {
      const answer = await within(limitMs, command(kept.keyv));
      kept.failures = Math.max(0, kept.failures - 1 / answersPerFailure);
      return answer;
    } catch (error) {
      kept.failures += 1;
      // A command of an earlier connection may fail late.
      if (kept.failures >= failuresAllowed && connection.client() === client) connection.renew(error);
      return undefined;
    }
  }

  return {
    find: async (keys) => (await attempt((keyv) => keyv.getMany<string>(keys))) ?? keys.map(() => undefined),
    keep: (key, text, ttlMs) => {
      if (writes.size >= writesAtOnce) return;
      const write = attempt((keyv) => keyv.set(key, text, ttlMs)).finally(() => writes.delete(write));
      writes.add(write);
    },
    isUp: report.isConnected,
    close: async () => {
      // Other processes can use what this one has read last. Each write ends within the limit.
      await Promise.all(writes);
      await connection.close();
    },
  };
}

function openKeyv(client: RedisClient, namespace: string): Keyv<string> {
  const store = new KeyvRedis<string>(client, { throwOnErrors: true, throwOnConnectError: true });
  const keyv = new Keyv<string>({
    store,
    namespace,
    // Keyv and its adapter both put the namespace before each key; one of them is enough.
    useKeyPrefix: false,
    // Without it Keyv answers a failed command with undefined, like a miss.
    throwOnErrors: true,
    // Keyv's envelope holds the value and its expiry. The value is a text, and Redis keeps the expiry.
    serialize: ({ value }) => String(value),
    deserialize: (text) => ({ value: text as never }),
  });
  // The failed command throws too. Without a listener, Node ends the process for an 'error' event.
  keyv.on('error', () => undefined);
  return keyv;
}
