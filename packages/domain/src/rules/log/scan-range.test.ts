import { describe, expect, it } from 'vitest';
import type { ReadEntries } from '../../ports/store.js';
import { scanRange, typeScanWindow } from './scan-range.js';

const request = (more: Partial<ReadEntries>): ReadEntries => ({
  namespace: 'n',
  sessionKey: 'k',
  direction: 'ascending',
  afterSequence: 0,
  limit: 10,
  contentOffset: 0,
  maxContentLength: 1,
  ...more,
});

describe('the range that a page scans', () => {
  it('is exactly as wide as the page, in either direction', () => {
    expect(scanRange(request({}), 100)).toEqual({ first: 1, last: 10 });
    expect(scanRange(request({ afterSequence: 95 }), 100)).toEqual({ first: 96, last: 100 });
    expect(scanRange(request({ direction: 'descending' }), 100)).toEqual({ first: 91, last: 100 });
    expect(scanRange(request({ direction: 'descending', beforeSequence: 5 }), 100)).toEqual({ first: 1, last: 4 });
    expect(scanRange(request({ direction: 'descending', afterSequence: 97 }), 100)).toEqual({ first: 98, last: 100 });
  });

  it('is empty past the end', () => {
    const { first, last } = scanRange(request({ afterSequence: 100 }), 100);
    expect(last).toBeLessThan(first);
  });

  it('is wider, but bounded, if the page filters by type', () => {
    expect(scanRange(request({ types: ['file'] }), 100_000)).toEqual({ first: 1, last: typeScanWindow });
  });
});
