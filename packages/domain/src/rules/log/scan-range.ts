import type { ReadEntries, SequenceRange } from '../../ports/store.js';

/**
 * The entries that one page scans if it filters by type. A page can then be short although more follow, but its cost
 * never grows with the log.
 */
export const typeScanWindow = 2000;

type ScannedRequest = Pick<ReadEntries, 'direction' | 'afterSequence' | 'beforeSequence' | 'types' | 'limit'>;

/**
 * Returns the sequences that one page scans. Sequences have no gaps, so a page without a filter is a range of `limit`
 * sequences: no engine needs to sort, skip or count.
 */
export function scanRange(request: ScannedRequest, lastSequence: number): SequenceRange {
  const low = request.afterSequence + 1;
  const high = Math.min(request.beforeSequence ?? Infinity, lastSequence + 1) - 1;
  const width = request.types === undefined ? request.limit : typeScanWindow;
  return request.direction === 'ascending'
    ? { first: low, last: Math.min(high, low + width - 1) }
    : { first: Math.max(low, high - width + 1), last: high };
}
