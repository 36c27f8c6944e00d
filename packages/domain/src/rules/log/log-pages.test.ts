import { expect, it } from 'vitest';
import { logPages } from './log-pages.js';

const pages = (first: number, last: number, lastSequence: number): unknown => {
  const { pageEnds, tail } = logPages({ first, last }, lastSequence, 4);
  return [pageEnds, tail.last < tail.first ? 'no tail' : [tail.first, tail.last]];
};

it('divides a range into the full pages that it overlaps, and the rest', () => {
  expect(pages(1, 10, 10)).toEqual([
    [4, 8],
    [9, 10],
  ]);
  expect(pages(4, 5, 10)).toEqual([[4, 8], 'no tail']);
  expect(pages(5, 8, 8)).toEqual([[8], 'no tail']);
  expect(pages(8, 9, 9)).toEqual([[8], [9, 9]]);
  expect(pages(1, 3, 3)).toEqual([[], [1, 3]]);
  expect(pages(1, 2, 4)).toEqual([[4], 'no tail']);
});

it('returns nothing for an empty range', () => {
  expect(pages(1, 0, 0)).toEqual([[], 'no tail']);
  expect(pages(3, 2, 10)).toEqual([[], 'no tail']);
  expect(pages(11, 10, 10)).toEqual([[], 'no tail']);
  expect(pages(1000, 10, 10)).toEqual([[], 'no tail']);
});
