import { describe, expect, it } from 'vitest';
import { mergeRanges, readRange, scanPage, type ScannedRange } from './scan-page.js';

interface Row {
  readonly id: number;
}

const range = (ids: readonly number[], more = false): ScannedRange<Row> => ({ rows: ids.map((id) => ({ id })), more });
const isEven = ({ id }: Row): boolean => id % 2 === 0;

describe('readRange', () => {
  it('reads one row more than it gives, to know whether more follow', () => {
    const source = [1, 2, 3];
    const read = (limit: number): number[] => source.slice(0, limit);
    expect(readRange(2, read)).toEqual({ rows: [1, 2], more: true });
    expect(readRange(3, read)).toEqual({ rows: [1, 2, 3], more: false });
  });
});

describe('scanPage', () => {
  it('stops at the limit, and goes on after the last row that it looked at', () => {
    expect(scanPage(range([1, 2, 3, 4, 5, 6]), 2, isEven)).toEqual({ ids: [2, 4], last: 4, more: true });
    expect(scanPage(range([5, 6]), 2, isEven)).toEqual({ ids: [6], last: 6, more: false });
  });

  it('is short, even empty, when few rows of the range match', () => {
    expect(scanPage(range([1, 3, 5], true), 2, isEven)).toEqual({ ids: [], last: 5, more: true });
    expect(scanPage(range([]), 2, isEven)).toEqual({ ids: [], last: undefined, more: false });
  });
});

describe('mergeRanges', () => {
  it('orders the rows of whole ranges', () => {
    expect(mergeRanges([range([1, 4, 9]), range([2]), range([])])).toEqual(range([1, 2, 4, 9]));
  });

  it('ends where the first range was cut off, because the rows after it are unknown', () => {
    expect(mergeRanges([range([1, 4], true), range([2, 7]), range([3, 5], true)])).toEqual(range([1, 2, 3, 4], true));
  });
});
