import { sql, type RawBuilder } from 'kysely';

/** What every statement is given besides its own arguments. */
export interface ClockArguments {
  /** How far the store's clock is ahead of the database's: 0, but for tests. */
  readonly clockOffsetMs: number;
}

/**
 * The store's clock: the database's at this very moment. Not `now()`, which stands still from the beginning of the
 * transaction, and so may be long past after a wait for a lock. A `where` is no place for it either: it is not looked at
 * again after the wait if nobody changed the row. Whole milliseconds, as records have them.
 */
export const clock = (p: { readonly clockOffsetMs: RawBuilder<number> }): RawBuilder<Date> =>
  sql`date_trunc('milliseconds', clock_timestamp() + ${p.clockOffsetMs}::float8 * interval '1 millisecond')`;

/** An instant as records have it: epoch milliseconds. */
export const epochMs = (instant: RawBuilder<unknown>): RawBuilder<number> =>
  sql`(extract(epoch from ${instant}) * 1000)::bigint`;

/** A number of milliseconds, to be added to an instant. */
export const milliseconds = (count: RawBuilder<unknown>): RawBuilder<unknown> =>
  sql`(${count})::float8 * interval '1 millisecond'`;
