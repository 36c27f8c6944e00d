/** A figure over all rounds: its median and its range. */
export interface Spread {
  readonly median: number;
  readonly min: number;
  readonly max: number;
}

/** All are NaN for no values, and if one is NaN. */
export function spread(values: readonly number[]): Spread {
  const sorted = values.some(Number.isNaN) ? [] : values.toSorted((a, b) => a - b);
  const at = (index: number): number => sorted[index] ?? NaN;
  const last = sorted.length - 1;
  return { median: (at(Math.floor(last / 2)) + at(Math.ceil(last / 2))) / 2, min: at(0), max: at(last) };
}
