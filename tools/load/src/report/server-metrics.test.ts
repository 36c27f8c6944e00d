import { expect, it } from 'vitest';
import { summariseBuckets } from './server-metrics.js';

it('interpolates percentiles within buckets', () => {
  const summary = summariseBuckets([
    { atMostMs: 1, calls: 40 },
    { atMostMs: 2, calls: 60 },
    { atMostMs: 5, calls: 98 },
    { atMostMs: Infinity, calls: 100 },
  ]);
  expect(summary?.calls).toBe(100);
  expect(summary?.p50).toBe(1.5);
  expect(summary?.p95).toBeCloseTo(2 + (3 * 35) / 38);
  expect(summary?.p99).toBe(5);
});

it('has no percentiles of no calls', () => {
  expect(summariseBuckets([{ atMostMs: Infinity, calls: 0 }])).toBeUndefined();
});
