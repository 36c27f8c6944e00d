import { expect, it } from 'vitest';
import { summariseBuckets } from './server-metrics.js';

it('finds percentiles in buckets, and says which', () => {
  const summary = summariseBuckets([
    { atMostMs: 1, calls: 40 },
    { atMostMs: 2, calls: 60 },
    { atMostMs: 5, calls: 98 },
    { atMostMs: Infinity, calls: 100 },
  ]);
  expect(summary?.calls).toBe(100);
  expect(summary?.p50).toEqual({ ms: 1.5, aboveMs: 1, atMostMs: 2 });
  expect(summary?.p95).toMatchObject({ aboveMs: 2, atMostMs: 5 });
  expect(summary?.p95.ms).toBeCloseTo(2 + (3 * 35) / 38);
  expect(summary?.p99).toEqual({ ms: 5, aboveMs: 5, atMostMs: Infinity });
});

it('has nothing to say of no calls', () => {
  expect(summariseBuckets([{ atMostMs: Infinity, calls: 0 }])).toBeUndefined();
});
