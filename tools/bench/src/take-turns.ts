import type { OpenRow, RowContext, Sample } from './row.js';

/** Measures a variant once. */
export type Measure = () => Promise<Sample>;

/**
 * Measures every variant in every round, one after the other. Each round begins with another variant, so that none always
 * comes first, or always behind the same one.
 */
export function takeTurns(
  variants: ReadonlyMap<string, Measure>,
  { signal, progress }: Pick<RowContext, 'signal' | 'progress'>,
): OpenRow['measureRound'] {
  const inOrder = [...variants];
  return async (round) => {
    const first = round % inOrder.length;
    const samples = new Map<string, Sample>();
    for (const [name, measure] of [...inOrder.slice(first), ...inOrder.slice(0, first)]) {
      signal.throwIfAborted();
      progress(name);
      samples.set(name, await measure());
    }
    return samples;
  };
}
