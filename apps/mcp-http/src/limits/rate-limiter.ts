import { createConnectionReport, keepConnected, within, type ConnectionState } from '@org/redis-connection';
import { RateLimiterMemory, RateLimiterRedis, RateLimiterRes, type RateLimiterAbstract } from 'rate-limiter-flexible';

export interface RateLimiterOptions {
  /** How many calls each caller may send in a second, on average over ten seconds: all of those may come at once. */
  readonly callsPerSecond: number;
  /** The Redis that makes it one limit for all processes of a deployment. Absent: each process has its own. */
  readonly redis?: RateLimiterRedisOptions | undefined;
}

export interface RateLimiterRedisOptions {
  readonly url: string;
  /** What the processes of the deployment have in common, and nobody else on the same Redis. */
  readonly deployment: string;
  /** Hears once of each change, not of each attempt. */
  readonly onStateChange: (state: ConnectionState) => void;
}

export interface RateLimiter {
  /** Counts one call. @returns for how long its caller should wait instead, in milliseconds; undefined: not at all */
  readonly count: (caller: string) => Promise<number | undefined>;
  readonly close: () => Promise<void>;
}

const windowSeconds = 10;
/** How long Redis may take to count one call. */
const commandLimitMs = 250;
const silenceLimitMs = 10_000;

/** Limits how often each caller may call. Without Redis, or while it is away, slow or broken, this process counts by itself. */
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
    // Who is over the limit is refused without asking again.
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

/** As much of a Redis client as the library uses. It answers, or throws, within a small time. */
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
        // The others don't have to find out, each by its own wait.
        connection.renew(error);
        throw error;
      }
    },
    close: connection.close,
  };
}
