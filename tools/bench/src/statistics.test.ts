import { expect, it } from 'vitest';
import { median, quantile, spread } from './statistics.js';

it('takes the median of values as numbers, not as texts', () => {
  expect(median([10, 9, 100])).toBe(10);
  expect(median([4, 1, 2, 3])).toBe(2.5);
});

it('finds quantiles between the nearest values', () => {
  const values = [50, 10, 40, 20, 30];
  expect(quantile(values, 0)).toBe(10);
  expect(quantile(values, 0.95)).toBeCloseTo(48);
  expect(quantile(values, 1)).toBe(50);
});

it('spreads values in any order', () => {
  expect(spread([3, 1, 10])).toEqual({ median: 3, min: 1, max: 10 });
});

it('has nothing to say of no values', () => {
  expect(() => median([])).toThrow(RangeError);
});
