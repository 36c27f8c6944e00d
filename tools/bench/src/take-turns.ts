import type { OpenRow, RowContext, Sample } from './row.js';

/** Measures a variant once. */
export type Measure = () => Promise<Sample>;

/**
 * Measures every variant in every round, one after the other. What is compared belongs into one group: the variants of a
 * group stay together, in another order in each round, so that none always comes first, or behind the same one.
 */
export function takeTurns(
  groups: readonly ReadonlyMap<string, Measure>[],
  { signal, progress }: Pick<RowContext, 'signal' | 'progress'>,
): OpenRow['measureRound'] {
  return async (round) => {
    const samples = new Map<string, Sample>();
    for (const group of groups) {
      for (const [name, measure] of inOrderOf(round, [...group])) {
        signal.throwIfAborted();
        progress(name);
        samples.set(name, await measure());
      }
    }
    const names = groups.flatMap((group) => [...group.keys()]);
    return new Map(names.map((name) => [name, samples.get(name) ?? {}]));
  };
}

/**
 * An order for a round. In twice as many rounds as there are variants, each comes first as often as any other, and right
 * behind each other one as often as behind any (E. J. Williams, 1949: squares balanced for what comes before).
 */
export function inOrderOf<T>(round: number, variants: readonly T[]): T[] {
  const count = variants.length;
  const first = round % count;
  const left = [...variants.slice(first), ...variants.slice(0, first)];
  // From both ends by turns: next to each other are then those that are 1 apart, 2 apart, 3 apart …
  const order = variants.map((_, place) => (place % 2 === 0 ? left.shift() : left.pop()) as T);
  // Of an odd number, that is half of the neighbours: the others come in rounds that go backwards.
  const isBackwards = count % 2 === 1 && Math.floor(round / count) % 2 === 1;
  return isBackwards ? order.toReversed() : order;
}
