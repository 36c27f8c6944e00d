import { expect, it } from 'vitest';
import { createLatencies } from './latencies.js';

it('keeps three digits, whatever the size', () => {
  const latencies = createLatencies();
  for (let ms = 1; ms <= 1000; ms += 1) latencies.record(ms);
  const { p50, p95, p99, max } = latencies.percentiles() ?? {};
  expect(p50).toBeCloseTo(500, -1);
  expect(p95).toBeCloseTo(950, -1);
  expect(p99).toBeCloseTo(990, -1);
  expect(max).toBeCloseTo(1000, -1);
  expect(latencies.count()).toBe(1000);
});

it('keeps fractions of a millisecond', () => {
  const latencies = createLatencies();
  latencies.record(0.25);
  expect(latencies.percentiles()?.p50).toBeCloseTo(0.25, 3);
});

it('has no percentiles of nothing', () => {
  expect(createLatencies().percentiles()).toBeUndefined();
});
