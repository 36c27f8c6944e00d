/** A range of rows in the order of a listing. */
export interface ScannedRange<Row> {
  readonly rows: readonly Row[];
  /** Whether rows follow after them. */
  readonly more: boolean;
}

/** What a page shows of the rows that it looked through. */
export interface ScannedPage {
  readonly ids: readonly number[];
  /** The last row looked at; undefined when there was none. */
  readonly last: number | undefined;
  readonly more: boolean;
}

/** Reads a range of at most `width` rows. `read` is given the number of rows to read: one more, which tells whether any follow. */
export function readRange<Row>(width: number, read: (limit: number) => readonly Row[]): ScannedRange<Row> {
  const rows = read(width + 1);
  return { rows: rows.slice(0, width), more: rows.length > width };
}

/** Merges ranges, each by ascending id, into one that ends where the first of them was cut off. */
export function mergeRanges<Row extends { readonly id: number }>(
  ranges: readonly ScannedRange<Row>[],
): ScannedRange<Row> {
  const end = Math.min(...ranges.map(({ rows, more }) => (more ? (rows.at(-1)?.id ?? 0) : Infinity)));
  const rows = ranges.flatMap((range) => range.rows).filter(({ id }) => id <= end);
  return { rows: rows.toSorted((a, b) => a.id - b.id), more: end !== Infinity };
}

/** Takes the first `limit` rows that match, and looks no further. */
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
