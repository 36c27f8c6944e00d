import type { SequenceRange } from '../../ports/store.js';

/** A range of a log, seen as pages of one size: page 1 holds the sequences from 1 on. */
export interface LogPages {
  /** The last sequences of the full pages that the range touches, ascending. */
  readonly pageEnds: readonly number[];
  /** What of the range lies behind the last full page. */
  readonly tail: SequenceRange;
}

/** The last sequence up to which a log consists of full pages. What is up to there never changes. */
export const endOfFullPages = (lastSequence: number, pageSize: number): number =>
  lastSequence - (lastSequence % pageSize);

/** How `range` of a log with `lastSequence` entries divides into full pages and the rest. */
export function logPages(range: SequenceRange, lastSequence: number, pageSize: number): LogPages {
  const sealed = endOfFullPages(lastSequence, pageSize);
  const pageEnds: number[] = [];
  if (range.first <= range.last) {
    const firstEnd = Math.ceil(range.first / pageSize) * pageSize;
    for (let end = firstEnd; end <= sealed && end < range.last + pageSize; end += pageSize) pageEnds.push(end);
  }
  return { pageEnds, tail: { first: Math.max(range.first, sealed + 1), last: range.last } };
}
