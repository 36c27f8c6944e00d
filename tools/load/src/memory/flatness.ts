export interface Flatness {
  readonly isFlat: boolean;
  /** What the trend gained from the first to the last point that counts. */
  readonly growthBytes: number;
  readonly toleratedBytes: number;
}

/** Not counted, because code is compiled and pools are filled first. */
const settlingShare = 0.2;
const toleratedShare = 0.05;

/** Judges whether a heap stays as it is while calls are made: its trend, by least squares, may gain a twentieth. */
export function judgeFlatness(points: readonly (readonly [calls: number, bytes: number])[]): Flatness {
  const counted = points.slice(Math.floor(points.length * settlingShare));
  const mean = (values: readonly number[]): number => values.reduce((sum, value) => sum + value, 0) / values.length;
  const [meanX, meanY] = [mean(counted.map(([x]) => x)), mean(counted.map(([, y]) => y))];
  const covariance = mean(counted.map(([x, y]) => (x - meanX) * (y - meanY)));
  const variance = mean(counted.map(([x]) => (x - meanX) ** 2));
  const slope = variance === 0 ? 0 : covariance / variance;
  const [[first] = [0], [last] = [0]] = [counted[0], counted.at(-1)];
  const growthBytes = slope * (last - first);
  const toleratedBytes = toleratedShare * (meanY + slope * (first - meanX));
  return { isFlat: growthBytes <= toleratedBytes, growthBytes, toleratedBytes };
}
