import type { SequenceRange } from '../../ports/store.js';

/** A range of a log, divided into pages of one size. Page 1 begins at sequence 1. */
export interface LogPages {
  /** The last sequences of the full pages that the range touches, ascending. */
  readonly pageEnds: readonly number[];
  /** The part of the range after the last full page. */
  readonly tail: SequenceRange;
}

/** Returns the last sequence of the log's last full page, or 0. Entries up to there never change. */
export const endOfFullPages = (lastSequence: number, pageSize: number): number =>
  lastSequence - (lastSequence % pageSize);

/** Divides `range` of a log with `lastSequence` entries into full pages and the rest. */
export function logPages(range: SequenceRange, lastSequence: number, pageSize: number): LogPages {
  const sealed = endOfFullPages(lastSequence, pageSize);
  const pageEnds: number[] = [];
  if (range.first <= range.last) {
    const firstEnd = Math.ceil(range.first / pageSize) * pageSize;
    for (let end = firstEnd; end <= sealed && end < range.last + pageSize; end += pageSize) pageEnds.push(end);
  }
  return { pageEnds, tail: { first: Math.max(range.first, sealed + 1), last: range.last } };
}
