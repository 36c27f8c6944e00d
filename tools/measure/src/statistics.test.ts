import { expect, it } from 'vitest';
import { spread } from './statistics.js';

it('takes the median of values as numbers, in any order', () => {
  expect(spread([10, 9, 100])).toEqual({ median: 10, min: 9, max: 100 });
  expect(spread([4, 1, 2, 3]).median).toBe(2.5);
  expect([spread([NaN, 1, 3]), spread([])].map(({ median }) => median)).toEqual([NaN, NaN]);
});
