import { createHistogram, type RecordableHistogram } from 'node:perf_hooks';

/** In milliseconds. */
export interface Percentiles {
  readonly p50: number;
  readonly p95: number;
  readonly p99: number;
  readonly max: number;
}

/** Durations, kept with three digits whatever their size (HdrHistogram), in constant memory. */
export interface Latencies {
  readonly record: (ms: number) => void;
  readonly count: () => number;
  /** Undefined: there are none. */
  readonly percentiles: () => Percentiles | undefined;
  readonly reset: () => void;
}

/** Durations from a microsecond to an hour. */
const [lowestUs, highestUs] = [1, 3_600_000_000];

export function createLatencies(): Latencies {
  const histogram: RecordableHistogram = createHistogram({ lowest: lowestUs, highest: highestUs, figures: 3 });
  const at = (percent: number): number => histogram.percentile(percent) / 1000;
  return {
    record: (ms) => histogram.record(Math.min(highestUs, Math.max(lowestUs, Math.round(ms * 1000)))),
    count: () => histogram.count,
    percentiles: () =>
      histogram.count === 0 ? undefined : { p50: at(50), p95: at(95), p99: at(99), max: histogram.max / 1000 },
    reset: () => histogram.reset(),
  };
}
