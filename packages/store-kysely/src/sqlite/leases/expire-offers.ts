import { sql } from 'kysely';
import { confirmedAfterMs, probedDistances } from '../../constants.js';
import type { Placeholders } from '../../prepared-query.js';
import type { Connection } from '../connection/connection.js';
import type { Operation } from '../operations/operation.js';
import { db } from '../connection/query-builder.js';

/**
 * Stores that offers have expired, which removes them from the index of pending offers. Skips offers whose deadline the
 * stored rows do not confirm yet.
 */
export function prepareExpireOffers(connection: Connection): Operation<readonly number[], void> {
  const confirmedTime = prepareConfirmedTime(connection);
  const expire = connection.prepare((p: Placeholders<{ handoffRowId: number; confirmedMs: number }>) =>
    db
      .updateTable('handoffs')
      .set({ status: 'expired' })
      .where('id', '=', p.handoffRowId)
      .where('status', '=', sql.lit('pending'))
      .where('expires_at', '<=', p.confirmedMs),
  ).run;
  return (handoffRowIds, nowMs) => {
    const confirmedMs = confirmedTime(nowMs);
    if (confirmedMs === undefined) return;
    for (const handoffRowId of handoffRowIds) expire({ handoffRowId, confirmedMs });
  };
}

/** Returns the time of the most recent probed offer that is old enough. Returns undefined if there is none. */
function prepareConfirmedTime(connection: Connection): (nowMs: number) => number | undefined {
  const probe = connection.prepare((p: Placeholders<{ distance: number }>) =>
    db
      .selectFrom('handoffs')
      .select('created_at')
      .where('id', '<=', (eb) =>
        eb.selectFrom('handoffs').select((max) => max(max.fn.max('id'), '-', p.distance).as('id')),
      )
      .orderBy('id', 'desc')
      .limit(sql.lit(1)),
  ).get;
  return (nowMs) => {
    for (const distance of probedDistances) {
      const createdAt = probe({ distance })?.created_at;
      if (createdAt === undefined || createdAt <= nowMs - confirmedAfterMs) return createdAt;
    }
    return undefined;
  };
}
