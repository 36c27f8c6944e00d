import type { OpenRow, RowContext, Sample } from './row.js';

/** Measures a variant once. */
export type Measure = () => Promise<Sample>;

/**
 * Measures every variant in every round, one after the other. What is compared belongs into one group: the variants of a
 * group stay together, and each round begins it with another one, so that none always comes first, or behind the same one.
 */
export function takeTurns(
  groups: readonly ReadonlyMap<string, Measure>[],
  { signal, progress }: Pick<RowContext, 'signal' | 'progress'>,
): OpenRow['measureRound'] {
  return async (round) => {
    const samples = new Map<string, Sample>();
    for (const group of groups) {
      for (const [name, measure] of beginWith([...group], round)) {
        signal.throwIfAborted();
        progress(name);
        samples.set(name, await measure());
      }
    }
    return samples;
  };
}

/** The same round dance, begun at another place. */
export function beginWith<T>(inOrder: readonly T[], place: number): T[] {
  const first = place % inOrder.length;
  return [...inOrder.slice(first), ...inOrder.slice(0, first)];
}
