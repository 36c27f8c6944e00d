import type { Phase } from './scenario.js';

/** When a flow is to start, whatever the server does meanwhile. */
export interface Arrival {
  /** From the beginning of the run. */
  readonly atMs: number;
  readonly isWarmup: boolean;
}

export interface ArrivalOptions {
  readonly phases: readonly Phase[];
  /** `evenly` as far as the rate lets them; `by chance`: as independent agents would (a Poisson process). */
  readonly spread: 'evenly' | 'by chance';
}

/**
 * The arrivals of a run, in order. Over time, rates add up to how many there should have been so far; an arrival is where
 * that passes the next number, or, by chance, the next of a series whose steps are 1 on average.
 */
export function* arrivalsOf({ phases, spread }: ArrivalOptions): Generator<Arrival, void, void> {
  const nextStep = spread === 'evenly' ? () => 1 : () => -Math.log(1 - Math.random());
  let phaseStartMs = 0;
  let countBefore = 0;
  let next = 0;
  for (const phase of phases) {
    const count = (phase.durationSeconds * (phase.fromRate + phase.toRate)) / 2;
    for (; next < countBefore + count; next += nextStep()) {
      yield { atMs: phaseStartMs + 1000 * secondsUntil(next - countBefore, phase), isWarmup: phase.isWarmup };
    }
    countBefore += count;
    phaseStartMs += 1000 * phase.durationSeconds;
  }
}

/** When so many have arrived: the root of `fromRate × t + (toRate − fromRate) × t² / 2 duration = count`. */
function secondsUntil(count: number, { durationSeconds, fromRate, toRate }: Phase): number {
  const growth = (toRate - fromRate) / durationSeconds;
  if (growth === 0) return count / fromRate;
  return (Math.sqrt(fromRate ** 2 + 2 * growth * count) - fromRate) / growth;
}
