import { expect, it } from 'vitest';
import { median, spread } from './statistics.js';

it('takes the median of values as numbers, not as texts', () => {
  expect(median([10, 9, 100])).toBe(10);
  expect(median([4, 1, 2, 3])).toBe(2.5);
});

it('spreads values in any order', () => {
  expect(spread([3, 1, 10])).toEqual({ median: 3, min: 1, max: 10 });
});

it('throws for no values', () => {
  expect(() => median([])).toThrow(RangeError);
});
