/** A figure over all rounds: its median and its range. */
export interface Spread {
  readonly median: number;
  readonly min: number;
  readonly max: number;
}

/** @throws RangeError for no values */
export function spread(values: readonly number[]): Spread {
  const sorted = values.toSorted((a, b) => a - b);
  const [min, max] = [sorted[0], sorted.at(-1)];
  const below = sorted[Math.floor((sorted.length - 1) / 2)];
  const above = sorted[Math.ceil((sorted.length - 1) / 2)];
  if (min === undefined || max === undefined || below === undefined || above === undefined) {
    throw new RangeError('no values to take a median of');
  }
  return { median: (below + above) / 2, min, max };
}

/** @throws RangeError for no values */
export const median = (values: readonly number[]): number => spread(values).median;
