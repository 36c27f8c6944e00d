import { sql, type AliasedRawBuilder, type Expression, type RawBuilder } from 'kysely';
import type { Placeholders } from '../../prepared-query.js';
import { db } from './query-builder.js';

/** The argument that every statement gets in addition to its own. */
export interface ClockArguments {
  /** How far the store's clock is ahead of the database's: 0, but for tests. */
  readonly clockOffsetMs: number;
}

/** The placeholders of a statement that reads the clock. */
export type Clocked<Arguments> = Placeholders<Arguments & ClockArguments>;

/**
 * The store's clock: the current time of the database, in whole milliseconds. `now()` would be the start of the
 * transaction, which may be long past after a wait for a lock. Do not use the clock in a `where`: PostgreSQL does not
 * evaluate the condition again after a wait if the row has not changed.
 */
export const clock = (p: Placeholders<ClockArguments>): RawBuilder<Date> =>
  sql`date_trunc('milliseconds', clock_timestamp() + ${p.clockOffsetMs}::float8 * interval '1 millisecond')`;

/**
 * Converts an instant in whole milliseconds to epoch milliseconds, as records hold it. `date_part` counts in floats, which
 * are exact enough for milliseconds, and cost a tenth of a read less than the decimals of `extract`.
 */
export const epochMs = <Instant extends Date | null>(
  instant: Expression<Instant>,
): RawBuilder<number | Extract<Instant, null>> => sql`(date_part('epoch', ${instant}) * 1000)::bigint`;

/** Begins a query with the clock, read once, as `clock.now`. */
export const withClock = (p: Placeholders<ClockArguments>) =>
  db.with(
    (cte) => cte('clock').materialized(),
    (query) => query.selectNoFrom(clock(p).as('now')),
  );

/** Selects the clock, in epoch milliseconds. */
export const observedAt = (p: Placeholders<ClockArguments>): AliasedRawBuilder<number, 'observed_at'> =>
  epochMs(clock(p)).as('observed_at');

/** Converts a number of milliseconds to an interval. */
export const milliseconds = (count: Expression<number | null>): RawBuilder<unknown> =>
  sql`(${count})::float8 * interval '1 millisecond'`;
