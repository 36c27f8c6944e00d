import { setImmediate, setTimeout } from 'node:timers/promises';
import type { Arrival } from './arrivals.js';

export interface OpenLoopOptions {
  readonly arrivals: Iterable<Arrival>;
  /** Ends the arrivals. Answers to what was sent are still awaited. */
  readonly signal: AbortSignal;
  /** Makes the calls of one arrival. Never rejects. */
  readonly start: (arrival: Arrival, intendedMs: number) => Promise<void>;
  /** Returns true to end the arrivals, since too many are unanswered. */
  readonly isTooMany?: ((inFlight: number) => boolean) | undefined;
}

/** How long the last answers are awaited. */
const drainWithinMs = 10_000;
/** Bounds a sleep, so that a stop is noticed. */
const longestSleepMs = 100;
/** After this many starts answers are read, however late the driver is. */
const startsInARow = 20;

/** Starts each arrival when it is due, whether or not earlier ones are answered. Resolves after the last answers. */
export async function driveOpenLoop(options: OpenLoopOptions): Promise<void> {
  const { arrivals, signal, start, isTooMany = () => false } = options;
  const startMs = performance.now();
  let inFlight = 0;

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
    inFlight += 1;
    void start(arrival, intendedMs).finally(() => (inFlight -= 1));
  }

  const deadlineMs = performance.now() + drainWithinMs;
  const isDrained = (): boolean => inFlight === 0;
  while (!isDrained() && performance.now() < deadlineMs) await setTimeout(5);
}

/** Returns true if it slept at all. */
async function sleepUntil(timeMs: number, signal: AbortSignal): Promise<boolean> {
  let leftMs = timeMs - performance.now();
  if (leftMs <= 0) return false;
  for (; leftMs > 0 && !signal.aborted; leftMs = timeMs - performance.now()) {
    await setTimeout(Math.min(longestSleepMs, leftMs));
  }
  return true;
}
