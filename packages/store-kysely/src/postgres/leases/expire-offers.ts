import { sql } from 'kysely';
import { confirmedAfterMs, probedDistances } from '../../constants.js';
import type { Operation } from '../operations/operation.js';
import { update } from '../statements/changes.js';
import { clock, milliseconds } from '../statements/clock.js';
import type { Database } from '../statements/database.js';
import { statement } from '../statements/query-builder.js';

/**
 * Stores that offers have expired, which removes them from the index of pending offers. Skips offers whose deadline is not
 * confirmed by a later offer of the required age, and offers that other transactions have locked.
 */
export function prepareExpireOffers(database: Database): Operation<readonly number[], void> {
  const expire = database.prepareWrite<{ readonly handoffRowIds: readonly number[] }, unknown>('expire_offers', (p) =>
    statement(sql`
      with clock as materialized (select ${clock(p)} as now),
      confirmed as materialized (
        select max(made.created_at) as time
        from clock, unnest(${sql.lit(`{${probedDistances.join()}}`)}::bigint[]) as distance cross join lateral (
          select created_at from handoffs
          where id <= (select max(id) from handoffs) - distance
          order by id desc limit 1
        ) as made
        where made.created_at <= clock.now - ${milliseconds(sql.lit(confirmedAfterMs))}
      ), lapsed as materialized (
        select id from handoffs
        where id = any (${p.handoffRowIds}::bigint[]) and status = 'pending' and expires_at <= (select time from confirmed)
        order by id for update skip locked
      )
      ${update('handoffs', { status: sql.lit('expired') })} from lapsed where handoffs.id = lapsed.id`),
  );
  return async (handoffRowIds) => {
    await expire({ handoffRowIds });
  };
}
