import { sql, type RawBuilder } from 'kysely';

/** The argument that every statement gets in addition to its own. */
export interface ClockArguments {
  /** How far the store's clock is ahead of the database's: 0, but for tests. */
  readonly clockOffsetMs: number;
}

/**
 * The store's clock: the current time of the database, in whole milliseconds. `now()` would be the start of the
 * transaction, which may be long past after a wait for a lock. Do not use the clock in a `where`: PostgreSQL does not
 * evaluate the condition again after a wait if the row has not changed.
 */
export const clock = (p: { readonly clockOffsetMs: RawBuilder<number> }): RawBuilder<Date> =>
  sql`date_trunc('milliseconds', clock_timestamp() + ${p.clockOffsetMs}::float8 * interval '1 millisecond')`;

/** Converts an instant to epoch milliseconds, as records hold it. */
export const epochMs = (instant: RawBuilder<unknown>): RawBuilder<number> =>
  sql`(extract(epoch from ${instant}) * 1000)::bigint`;

/** Converts a number of milliseconds to an interval. */
export const milliseconds = (count: RawBuilder<unknown>): RawBuilder<unknown> =>
  sql`(${count})::float8 * interval '1 millisecond'`;
