import { createLatencies } from '@org/measure/latencies';
import type { RoundSamples, RowContext, Sample } from './row.js';

/** Measures a variant once. */
export type Measure = () => Promise<Sample>;

/** Makes one call. Returns its duration in milliseconds. */
export type TimedCall = () => Promise<number>;

/** Variants that are compared with each other, by name. */
export type Group<T> = ReadonlyMap<string, T>;

/**
 * Measures every variant in every round, one after the other. The variants of a group stay together, in another order in
 * each round, so that none always comes first or after the same one.
 */
export function takeTurns(
  groups: readonly Group<Measure>[],
  { signal, progress }: Pick<RowContext, 'signal' | 'progress'>,
): (round: number) => Promise<RoundSamples> {
  return async (round) => {
    const samples = new Map<string, Sample>(groups.flatMap((group) => [...group.keys()].map((name) => [name, {}])));
    for (const group of groups) {
      for (const [name, measure] of inOrderOf(round, [...group])) {
        signal.throwIfAborted();
        progress(name);
        samples.set(name, await measure());
      }
    }
    return samples;
  };
}

/** Times single calls, one of each variant in turn, so that whatever else the machine does meets all of them alike. */
export async function interleaveCalls(
  groups: readonly Group<TimedCall>[],
  times: number,
  { signal }: Pick<RowContext, 'signal'>,
): Promise<Map<string, Sample>> {
  const names = groups.flatMap((group) => [...group.keys()]);
  const latencies = new Map(names.map((name) => [name, createLatencies()]));
  for (let turn = 0; turn < times; turn += 1) {
    for (const group of groups) {
      for (const [name, call] of inOrderOf(turn, [...group])) {
        signal.throwIfAborted();
        latencies.get(name)?.record(await call());
      }
    }
  }
  return new Map(
    [...latencies].map(([name, recorded]) => {
      const percentiles = recorded.percentiles();
      return [name, { p50Ms: percentiles?.p50, p95Ms: percentiles?.p95 }];
    }),
  );
}

/**
 * An order for a round. In twice as many rounds as there are variants, each comes first as often as any other, and right
 * after each other one as often as after any (E. J. Williams, 1949: squares balanced for what comes before).
 */
export function inOrderOf<T>(round: number, variants: readonly T[]): T[] {
  const count = variants.length;
  const first = round % count;
  const left = [...variants.slice(first), ...variants.slice(0, first)];
  // Taken from both ends by turns, neighbours are those that are 1 apart, 2 apart, 3 apart …
  const order = variants.map((_, place) => (place % 2 === 0 ? left.shift() : left.pop()) as T);
  // With an odd number, that is half of the neighbours. The other half comes in rounds that go backwards.
  const isBackwards = count % 2 === 1 && Math.floor(round / count) % 2 === 1;
  return isBackwards ? order.toReversed() : order;
}
