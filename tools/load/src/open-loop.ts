import { setImmediate, setTimeout } from 'node:timers/promises';
import type { Arrival } from './arrivals.js';

export interface OpenLoopOptions {
  readonly arrivals: Iterable<Arrival>;
  /** Ends the arrivals. What was sent is still waited for. */
  readonly signal: AbortSignal;
  /** Makes the calls of one arrival. Never rejects. */
  readonly start: (arrival: Arrival, intendedMs: number) => Promise<void>;
  /** Whether so many unanswered ones are too many to go on. */
  readonly isTooMany?: ((inFlight: number) => boolean) | undefined;
  /** Told whenever one was started or has ended. */
  readonly onInFlight?: ((inFlight: number) => void) | undefined;
}

/** How long the last answers are waited for. */
const drainWithinMs = 10_000;
/** A sleep is no longer than this, so that a stop is noticed. */
const longestSleepMs = 100;
/** Answers are read at least so often, however late the driver is. */
const startsInARow = 20;

/**
 * Starts what arrives when it is due, whether or not what came before is answered. Resolves when all is answered, or has not
 * been for too long.
 */
export async function driveOpenLoop(options: OpenLoopOptions): Promise<void> {
  const { arrivals, signal, start, isTooMany = () => false, onInFlight } = options;
  const startMs = performance.now();
  let inFlight = 0;
  const count = (change: number): void => {
    inFlight += change;
    onInFlight?.(inFlight);
  };

  let inARow = 0;
  for (const arrival of arrivals) {
    const intendedMs = startMs + arrival.atMs;
    if (await sleepUntil(intendedMs, signal)) inARow = 0;
    else inARow += 1;
    if (inARow >= startsInARow) {
      await setImmediate();
      inARow = 0;
    }
    if (signal.aborted || isTooMany(inFlight)) break;
    count(1);
    void start(arrival, intendedMs).finally(() => count(-1));
  }

  const deadlineMs = performance.now() + drainWithinMs;
  const isDrained = (): boolean => inFlight === 0;
  while (!isDrained() && performance.now() < deadlineMs) await setTimeout(5);
}

/** Says whether it slept at all. */
async function sleepUntil(timeMs: number, signal: AbortSignal): Promise<boolean> {
  let leftMs = timeMs - performance.now();
  if (leftMs <= 0) return false;
  for (; leftMs > 0 && !signal.aborted; leftMs = timeMs - performance.now()) {
    await setTimeout(Math.min(longestSleepMs, leftMs));
  }
  return true;
}
