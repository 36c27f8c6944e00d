import { setImmediate, setTimeout } from 'node:timers/promises';
import { isWarmup, type Phase } from './scenario.js';

/** When a flow is to start, whether or not the server has answered. */
export interface Arrival {
  /** From the beginning of the run. */
  readonly atMs: number;
  readonly isWarmup: boolean;
}

/** The arrivals of a run, in order, spread evenly: one whenever the rate, added up over time, passes the next number. */
export function* arrivalsOf(phases: readonly Phase[]): Generator<Arrival, void, void> {
  let phaseStartMs = 0;
  let countBefore = 0;
  let next = 0;
  for (const phase of phases) {
    const { duration, arrivalRate, rampTo = arrivalRate } = phase;
    const growth = (rampTo - arrivalRate) / duration;
    // The root `t` of `arrivalRate × t + growth × t² / 2 = count`.
    const secondsUntil = (count: number): number =>
      growth === 0 ? count / arrivalRate : (Math.sqrt(arrivalRate ** 2 + 2 * growth * count) - arrivalRate) / growth;
    const count = (duration * (arrivalRate + rampTo)) / 2;
    for (; next < countBefore + count; next += 1) {
      yield { atMs: phaseStartMs + 1000 * secondsUntil(next - countBefore), isWarmup: isWarmup(phase) };
    }
    countBefore += count;
    phaseStartMs += 1000 * duration;
  }
}

export interface OpenLoopOptions {
  readonly arrivals: Iterable<Arrival>;
  /** Ends the arrivals. Answers to what was sent are still awaited. */
  readonly signal: AbortSignal;
  /** More flows without an answer end the arrivals, too. */
  readonly maxUnanswered: number;
  /** Makes the calls of one arrival. Never rejects. */
  readonly start: (arrival: Arrival, intendedMs: number) => Promise<void>;
}

/** How long the last answers are awaited. */
const drainWithinMs = 10_000;
/** Bounds a sleep, so that a stop is noticed. */
const longestSleepMs = 100;
/** After this many starts answers are read, however late the driver is. */
const startsInARow = 20;

/**
 * Starts each arrival when it is due, whether or not earlier ones are answered. Resolves after the last answers, to false
 * if the arrivals ended early.
 */
export async function driveOpenLoop({ arrivals, signal, maxUnanswered, start }: OpenLoopOptions): Promise<boolean> {
  const startMs = performance.now();
  let unanswered = 0;
  let inARow = 0;
  let isComplete = true;
  for (const arrival of arrivals) {
    const intendedMs = startMs + arrival.atMs;
    if (await sleepUntil(intendedMs, signal)) inARow = 0;
    else inARow += 1;
    if (inARow >= startsInARow) {
      await setImmediate();
      inARow = 0;
    }
    isComplete = !signal.aborted && unanswered <= maxUnanswered;
    if (!isComplete) break;
    unanswered += 1;
    void start(arrival, intendedMs).finally(() => (unanswered -= 1));
  }

  const deadlineMs = performance.now() + drainWithinMs;
  const isDrained = (): boolean => unanswered === 0;
  while (!isDrained() && performance.now() < deadlineMs) await setTimeout(5);
  return isComplete;
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
