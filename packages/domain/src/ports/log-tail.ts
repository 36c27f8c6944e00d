import type { AppendedEntry, EntryRecord, ReadEntries, SequenceRange, SessionRecord } from './store.js';

export interface ReadTail extends Omit<ReadEntries, 'types' | 'contentOffset'> {
  /** Entries in a page. The first page begins at sequence 1. */
  readonly pageSize: number;
}

export interface LogTail {
  readonly session: SessionRecord;
  /** The sequences that `readEntries` would scan. */
  readonly scanned: SequenceRange;
  /**
   * The last entry of each full page that overlaps `scanned`, ascending. It may lie outside of `scanned`. Logs only
   * grow, so two logs with the same append at one position are equal up to there, even if a dump was restored in
   * between.
   */
  readonly pageEnds: readonly AppendedEntry[];
  /** The entries of `scanned` after the last full page, ascending. */
  readonly entries: readonly EntryRecord[];
}

export interface LogEnd {
  readonly session: SessionRecord;
  /** The newest entry. Undefined if the log is empty. */
  readonly lastAppend?: AppendedEntry | undefined;
}
