/** What the rounds gave, as one number and how far it moved. */
export interface Spread {
  readonly median: number;
  readonly min: number;
  readonly max: number;
}

/** @throws RangeError for no values */
export function spread(values: readonly number[]): Spread {
  const sorted = values.toSorted((a, b) => a - b);
  return { median: quantileOfSorted(sorted, 0.5), min: quantileOfSorted(sorted, 0), max: quantileOfSorted(sorted, 1) };
}

/** @throws RangeError for no values */
export const median = (values: readonly number[]): number => quantile(values, 0.5);

/**
 * The value below which this share of all values lies, between the two nearest where it falls between them.
 *
 * @param share from 0 to 1
 * @throws RangeError for no values
 */
export function quantile(values: readonly number[], share: number): number {
  // A typed array is sorted by its numbers, and several times as fast.
  return quantileOfSorted(Float64Array.from(values).toSorted(), share);
}

function quantileOfSorted(sorted: ArrayLike<number>, share: number): number {
  const position = (sorted.length - 1) * share;
  const below = sorted[Math.floor(position)];
  const above = sorted[Math.ceil(position)];
  if (below === undefined || above === undefined) throw new RangeError('no values to take a quantile of');
  return below + (above - below) * (position - Math.floor(position));
}
