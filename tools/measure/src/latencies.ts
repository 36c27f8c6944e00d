import { build } from 'hdr-histogram-js';

/** In milliseconds. */
export interface Percentiles {
  readonly p50: number;
  readonly p95: number;
  readonly p99: number;
  readonly max: number;
}

/** Durations in constant memory, with three significant digits (HdrHistogram). */
export interface Latencies {
  readonly record: (ms: number) => void;
  readonly count: () => number;
  /** All are NaN if nothing was recorded. */
  readonly percentiles: () => Percentiles;
}

/** Durations from a microsecond to an hour. */
const [lowestUs, highestUs] = [1, 3_600_000_000];

export function createLatencies(): Latencies {
  const histogram = build({ lowestDiscernibleValue: lowestUs, highestTrackableValue: highestUs });
  const at = (percent: number): number =>
    histogram.totalCount === 0 ? NaN : histogram.getValueAtPercentile(percent) / 1000;
  return {
    record: (ms) => histogram.recordValue(Math.min(highestUs, Math.max(lowestUs, Math.round(ms * 1000)))),
    count: () => histogram.totalCount,
    percentiles: () => ({ p50: at(50), p95: at(95), p99: at(99), max: at(100) }),
  };
}
