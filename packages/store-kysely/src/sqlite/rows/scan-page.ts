/** Consecutive rows of a list, in its order. */
export interface ScannedRange<Row> {
  readonly rows: readonly Row[];
  /** Whether more rows follow. */
  readonly more: boolean;
}

/** The matching rows of a page, and where the next page begins. */
export interface ScannedPage {
  readonly ids: readonly number[];
  /** The id of the last row that was examined. Undefined if there was none. */
  readonly last: number | undefined;
  readonly more: boolean;
}

/** Reads a range of at most `width` rows. `read` gets a limit of one more row, which shows whether more rows follow. */
export function readRange<Row>(width: number, read: (limit: number) => readonly Row[]): ScannedRange<Row> {
  const rows = read(width + 1);
  return { rows: rows.slice(0, width), more: rows.length > width };
}

/** Merges ranges, each in ascending order of ids. The result ends where the first of them was cut off. */
export function mergeRanges<Row extends { readonly id: number }>(
  ranges: readonly ScannedRange<Row>[],
): ScannedRange<Row> {
  const end = Math.min(...ranges.map(({ rows, more }) => (more ? (rows.at(-1)?.id ?? 0) : Infinity)));
  const rows = ranges.flatMap((range) => range.rows).filter(({ id }) => id <= end);
  return { rows: rows.toSorted((a, b) => a.id - b.id), more: end !== Infinity };
}

/** Takes the first `limit` rows that match. Rows after them are not examined. */
export function scanPage<Row extends { readonly id: number }>(
  { rows, more }: ScannedRange<Row>,
  limit: number,
  matches: (row: Row) => boolean,
): ScannedPage {
  const ids: number[] = [];
  let looked = 0;
  while (looked < rows.length && ids.length < limit) {
    const row = rows[looked] as Row;
    if (matches(row)) ids.push(row.id);
    looked += 1;
  }
  return { ids, last: rows[looked - 1]?.id, more: more || looked < rows.length };
}
