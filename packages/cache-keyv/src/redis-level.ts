import { setTimeout as sleep } from 'node:timers/promises';
import { formatVersion } from './log-part.js';
import { openRedisLink, type RedisLink } from './redis-link.js';
import type { SharedLevel } from './shared-level.js';

/** Whether the cache uses Redis at this time. */
export type RedisCacheState =
  | { readonly isUsed: true }
  /** It does without. `reason` is a line for the log, without anything secret. */
  | { readonly isUsed: false; readonly reason: string };

export interface RedisLevelOptions {
  /** `redis://user:password@host:port`, or `rediss://` for TLS. */
  readonly url: string;
  /** What the processes of a deployment have in common, and nobody else on the same Redis. */
  readonly deployment: string;
  /** Hears once of each change, not of each attempt. It must not throw. */
  readonly onStateChange?: ((state: RedisCacheState) => void) | undefined;
  /** How long Redis may take for an answer, in milliseconds. Default 50. */
  readonly limitMs?: number | undefined;
}

/** So many failures, and Redis is left alone for a while. */
const failuresAllowed = 3;
/**
 * So many answers make up for one failure. Were one enough, a Redis that fails every other time would be used for ever:
 * one that is full, for instance, answers each look-up, and refuses the page that is kept after it.
 */
const answersPerFailure = 10;
/** How many writes may be under way: what comes on top is not kept. */
const writesAtOnce = 64;
const [firstPauseMs, longestPauseMs] = [100, 10_000];

/**
 * A circuit breaker around Redis: while it is out of reach, full or slow, nobody is sent there, and nobody waits. It is
 * tried again in the background, over a new connection each time, and used from when it has proved to work.
 */
export function createRedisLevel({ url, deployment, onStateChange, limitMs = 50 }: RedisLevelOptions): SharedLevel {
  const namespace = `context-store:${deployment}:cache:${formatVersion}`;
  const state = trackState(onStateChange);
  const closing = new AbortController();
  let current: UsedLink | undefined;
  let writes = 0;

  async function run(): Promise<void> {
    for (let attempts = 0; !closing.signal.aborted; attempts += 1) {
      try {
        const link = await openRedisLink({ url, namespace, limitMs });
        current = useLink(link);
        if (closing.signal.aborted) current.end(undefined);
        else state.report({ isUsed: true });
        const sinceMs = performance.now();
        const reason = await current.ended;
        // One that works now and then is not worth much trying.
        if (performance.now() - sinceMs > longestPauseMs) attempts = 0;
        if (!closing.signal.aborted) state.report({ isUsed: false, reason: describe(reason) });
      } catch (error) {
        if (!closing.signal.aborted) state.report({ isUsed: false, reason: describe(error) });
      }
      current = undefined;
      await pause(attempts, closing.signal);
    }
  }
  const stopped = run();

  return {
    find: async (keys) => (await current?.attempt((link) => link.find(keys))) ?? keys.map(() => undefined),
    keep: (key, text, ttlMs) => {
      if (current === undefined || writes >= writesAtOnce) return;
      writes += 1;
      void current.attempt((link) => link.keep(key, text, ttlMs)).finally(() => (writes -= 1));
    },
    isUp: state.isUsed,
    close: () => {
      closing.abort();
      current?.end(undefined);
      return stopped;
    },
  };
}

/** A link until it has failed too often, of late. */
interface UsedLink {
  /** Undefined when it failed. */
  readonly attempt: <T>(command: (link: RedisLink) => Promise<T>) => Promise<T | undefined>;
  readonly end: (reason: unknown) => void;
  /** Resolves with the reason. */
  readonly ended: Promise<unknown>;
}

function useLink(link: RedisLink): UsedLink {
  const { promise: ended, resolve: setEnded } = Promise.withResolvers<unknown>();
  let failures = 0;
  const end = (reason: unknown): void => {
    setEnded(reason);
    link.close();
  };
  void link.broken.then(end);
  return {
    attempt: async (command) => {
      try {
        const answer = await command(link);
        failures = Math.max(0, failures - 1 / answersPerFailure);
        return answer;
      } catch (error) {
        failures += 1;
        if (failures >= failuresAllowed) end(error);
        return undefined;
      }
    },
    end,
    ended,
  };
}

/** Tells of changes alone. */
function trackState(onChange: RedisLevelOptions['onStateChange']) {
  let isUsed: boolean | undefined;
  return {
    isUsed: () => isUsed,
    report: (state: RedisCacheState): void => {
      if (state.isUsed === isUsed) return;
      isUsed = state.isUsed;
      onChange?.(state);
    },
  };
}

/** The code of a network error, and the server's own words for a refusal. */
function describe(reason: unknown): string {
  if (!(reason instanceof Error)) return 'the connection ended';
  return 'code' in reason && typeof reason.code === 'string' ? reason.code : reason.message;
}

/** Exponential, with jitter: the processes of a deployment don't come back all at once. */
async function pause(attempts: number, signal: AbortSignal): Promise<void> {
  const ms = Math.min(firstPauseMs * 2 ** attempts, longestPauseMs) * (0.5 + Math.random() / 2);
  await sleep(ms, undefined, { signal, ref: false }).catch(() => undefined);
}
