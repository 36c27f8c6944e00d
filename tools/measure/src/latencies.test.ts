import { expect, it } from 'vitest';
import { createLatencies } from './latencies.js';

it('keeps three digits, whatever the size, and fractions of a millisecond', () => {
  const latencies = createLatencies();
  expect(latencies.percentiles().p50).toBeNaN();
  for (let ms = 0.25; ms <= 250; ms += 0.25) latencies.record(ms);
  const { p50, p95, max } = latencies.percentiles();
  expect([p50 / 125, p95 / 237.5, max / 250].map((ratio) => ratio.toFixed(2))).toEqual(['1.00', '1.00', '1.00']);
  expect(latencies.count()).toBe(1000);
});
