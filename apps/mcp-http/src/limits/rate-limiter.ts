import { createConnectionReport, keepConnected, within, type ConnectionState } from '@org/redis-connection';
import { RateLimiterMemory, RateLimiterRedis, RateLimiterRes, type RateLimiterAbstract } from 'rate-limiter-flexible';

export interface RateLimiterOptions {
  /** How many calls each caller may send per second, on average over ten seconds. They may arrive in one burst. */
  readonly callsPerSecond: number;
  /** The Redis that all processes of a deployment share for one limit. Default: each process has its own limit. */
  readonly redis?: RateLimiterRedisOptions | undefined;
}

export interface RateLimiterRedisOptions {
  readonly url: string;
  /** The name of the deployment, which keeps it apart from other deployments on the same Redis. */
  readonly deployment: string;
  /** Is called once for each change, not for each attempt to connect. */
  readonly onStateChange: (state: ConnectionState) => void;
}

export interface RateLimiter {
  /** Counts one call. Returns how long its caller must wait, in milliseconds, or undefined if the call is within the limit. */
  readonly count: (caller: string) => Promise<number | undefined>;
  readonly close: () => Promise<void>;
}

const windowSeconds = 10;
/** How long Redis may take to count one call, in milliseconds. */
const commandLimitMs = 250;
const silenceLimitMs = 10_000;

/** Limits how often each caller may call. While Redis is unavailable or too slow, each process counts on its own. */
export function createRateLimiter({ callsPerSecond, redis }: RateLimiterOptions): RateLimiter {
  const limit = { points: callsPerSecond * windowSeconds, duration: windowSeconds };
  const memory = new RateLimiterMemory(limit);
  if (redis === undefined) return { count: (caller) => count(memory, caller), close: () => Promise.resolve() };
  const storeClient = createRedisCounter(redis);
  const shared = new RateLimiterRedis({
    ...limit,
    storeClient,
    useRedisPackage: true,
    keyPrefix: `context-store:${redis.deployment}:rate:v1`,
    // Refuses callers over the limit without asking Redis again.
    inMemoryBlockOnConsumed: limit.points + 1,
    insuranceLimiter: memory,
  });
  return { count: (caller) => count(shared, caller), close: storeClient.close };
}

async function count(limiter: RateLimiterAbstract, caller: string): Promise<number | undefined> {
  try {
    await limiter.consume(caller);
    return undefined;
  } catch (refusal) {
    if (refusal instanceof RateLimiterRes) return Math.max(refusal.msBeforeNext, 1);
    throw refusal;
  }
}

interface Script {
  readonly keys: string[];
  readonly arguments: string[];
}

/** The part of a Redis client that the library uses. It answers or throws within `commandLimitMs`. */
interface RedisCounter {
  readonly eval: (script: string, options: Script) => Promise<unknown>;
  readonly close: () => Promise<void>;
}

function createRedisCounter({ url, onStateChange }: RateLimiterRedisOptions): RedisCounter {
  const report = createConnectionReport(onStateChange);
  const connection = keepConnected({
    url,
    silenceLimitMs,
    prepare: (client) => client.ping(),
    onUp: () => report.up('rate limit'),
    onDown: (reason) => report.down('rate limit', reason),
  });
  return {
    eval: async (script, options) => {
      const client = connection.client();
      if (client === undefined) throw new Error('Redis is out of reach');
      try {
        return await within(commandLimitMs, client.eval(script, options));
      } catch (error) {
        // Marks the connection as broken, so that other calls do not each wait for the limit.
        connection.renew(error);
        throw error;
      }
    },
    close: connection.close,
  };
}
