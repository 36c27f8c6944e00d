/** The straight line that is nearest to points. */
export interface Trend {
  readonly slope: number;
  readonly at: (x: number) => number;
}

/** By least squares. */
export function trendOf(points: readonly (readonly [x: number, y: number])[]): Trend {
  const count = points.length;
  const meanX = points.reduce((sum, [x]) => sum + x, 0) / count;
  const meanY = points.reduce((sum, [, y]) => sum + y, 0) / count;
  const covariance = points.reduce((sum, [x, y]) => sum + (x - meanX) * (y - meanY), 0);
  const variance = points.reduce((sum, [x]) => sum + (x - meanX) ** 2, 0);
  const slope = variance === 0 ? 0 : covariance / variance;
  return { slope, at: (x) => meanY + slope * (x - meanX) };
}

export interface Flatness {
  readonly isFlat: boolean;
  /** What the trend gained from the first to the last point that counts. */
  readonly growthBytes: number;
  readonly toleratedBytes: number;
}

/** Compiled code and filled pools come first. */
const settlingShare = 0.2;
const toleratedShare = 0.05;

/** Whether a heap, by how many calls were made, stays as it is: its trend gains at most a twentieth. */
export function judgeFlatness(points: readonly (readonly [calls: number, bytes: number])[]): Flatness {
  const counted = points.slice(Math.floor(points.length * settlingShare));
  const trend = trendOf(counted);
  const [[first] = [0], [last] = [0]] = [counted[0], counted.at(-1)];
  const growthBytes = trend.slope * (last - first);
  const toleratedBytes = toleratedShare * trend.at(first);
  return { isFlat: growthBytes <= toleratedBytes, growthBytes, toleratedBytes };
}
