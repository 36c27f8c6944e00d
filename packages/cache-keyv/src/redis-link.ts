import { setImmediate as turn, setTimeout as sleep } from 'node:timers/promises';
import KeyvRedis from '@keyv/redis';
import { createClient, type RedisClientType } from '@redis/client';
import { Keyv } from 'keyv';

export interface RedisLinkOptions {
  readonly url: string;
  /** What every key begins with. */
  readonly namespace: string;
  /** How long a command may take, in milliseconds. */
  readonly limitMs: number;
}

/** One connection to Redis, through Keyv. Both calls throw when Redis refuses, or takes too long. */
export interface RedisLink {
  readonly find: (keys: string[]) => Promise<readonly (string | undefined)[]>;
  readonly keep: (key: string, text: string, ttlMs: number) => Promise<void>;
  /** Resolves with the reason when the connection has broken. */
  readonly broken: Promise<unknown>;
  readonly close: () => void;
}

const connectLimitMs = 1000;
/** Redis may be silent for so long before the connection counts as broken. */
const silenceLimitMs = 10_000;

/**
 * Connects, and sees whether Redis can be written to and read from in time. The library is not to reconnect by itself:
 * its way to do so takes a connection on which commands are refused for a good one, and can't be ended.
 * @throws what Redis, or the network, says
 */
export async function openRedisLink({ url, namespace, limitMs }: RedisLinkOptions): Promise<RedisLink> {
  const client: RedisClientType = createClient({
    url,
    disableOfflineQueue: true,
    disableClientInfo: true,
    pingInterval: silenceLimitMs / 2,
    socket: { connectTimeout: connectLimitMs, socketTimeout: silenceLimitMs, reconnectStrategy: false },
  });
  const { promise: broken, resolve: setBroken } = Promise.withResolvers<unknown>();
  let [hasSocket, isClosed] = [false, false];
  const close = (): void => {
    isClosed = true;
    // Before there is a socket the library would leak it, and in the same turn it has not begun to use it.
    if (hasSocket) setImmediate(() => destroy(client));
  };
  client.on('error', setBroken).on('end', setBroken);
  client.on('connect', () => {
    hasSocket = true;
    if (isClosed) close();
  });
  const keyv = openKeyv(client, namespace);
  const link: RedisLink = {
    find: (keys) => within(limitMs, keyv.getMany<string>(keys)),
    keep: async (key, text, ttlMs) => {
      await within(limitMs, keyv.set(key, text, ttlMs));
    },
    broken,
    close,
  };
  try {
    await within(connectLimitMs, client.connect());
    await link.keep('probe', namespace, silenceLimitMs);
    const [found] = await link.find(['probe']);
    if (found !== namespace) throw new Error('Redis does not keep what it is given');
    return link;
  } catch (error) {
    close();
    throw error;
  }
}

function openKeyv(client: RedisClientType, namespace: string): Keyv {
  const store = new KeyvRedis<string>(client, { throwOnErrors: true, throwOnConnectError: true });
  const keyv = new Keyv({
    store,
    namespace,
    // The adapter puts the namespace before each key already.
    useKeyPrefix: false,
    throwOnErrors: true,
    // Values are texts, and Redis knows when they expire.
    serialize: ({ value }) => String(value),
    deserialize: (text) => ({ value: text as never }),
  });
  // Each call says by itself what went wrong.
  keyv.on('error', () => undefined);
  return keyv;
}

/** What is too late is of no use, and may fail as it likes. */
async function within<T>(limitMs: number, answer: Promise<T>): Promise<T> {
  const timer = new AbortController();
  answer.catch(() => undefined);
  const tooLate = sleep(limitMs, undefined, { signal: timer.signal }).then(async () => {
    // A process that was busy hears of the time before it looks at what has come.
    await turn();
    throw new Error(`no answer within ${limitMs} ms`);
  });
  tooLate.catch(() => undefined);
  try {
    return await Promise.race([answer, tooLate]);
  } finally {
    timer.abort();
  }
}

/** The library throws when there is nothing left to close. */
function destroy(client: RedisClientType): void {
  try {
    client.destroy();
  } catch {
    // It was closed already.
  }
}
