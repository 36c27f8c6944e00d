import type { Phase } from '../scenario/scenario.js';

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
    const count = (phase.durationSeconds * (phase.fromRate + phase.toRate)) / 2;
    for (; next < countBefore + count; next += 1) {
      yield { atMs: phaseStartMs + 1000 * secondsUntil(next - countBefore, phase), isWarmup: phase.isWarmup };
    }
    countBefore += count;
    phaseStartMs += 1000 * phase.durationSeconds;
  }
}

/** When this count is reached: the root `t` of `fromRate × t + (toRate − fromRate) × t² / 2 duration = count`. */
function secondsUntil(count: number, { durationSeconds, fromRate, toRate }: Phase): number {
  const growth = (toRate - fromRate) / durationSeconds;
  if (growth === 0) return count / fromRate;
  return (Math.sqrt(fromRate ** 2 + 2 * growth * count) - fromRate) / growth;
}
