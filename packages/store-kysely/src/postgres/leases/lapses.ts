import { sql, type AliasedExpression, type RawBuilder } from 'kysely';
import { scanWidth } from '../../constants.js';
import { isLapsed } from '../rows/session-row.js';
import { isOwnershipType } from './move-ownership.js';
import type { HandoffsTable } from '../schema/tables.js';
import { withClock, type ClockArguments } from '../statements/clock.js';
import { cast, columnsOf } from '../statements/expressions.js';
import type { Placeholders } from '../../prepared-query.js';

/** A row for each namespace. */
type Namespaces = AliasedExpression<{ readonly namespace: string }, 'wanted'>;

/**
 * Begins a query with the lapses of namespaces. `clock.now` is the store's clock. `due` holds the handoffs whose leases
 * may have lapsed, by their `lease_check_at`. That column is indexed and never later than the deadline. The deadline
 * itself is not indexed, because every write of the owner moves it. `lapsed` holds the handoffs whose leases have
 * lapsed: each is pending again, and follows all stored handoffs in lists. See `settledHandoff` in the domain.
 *
 * The number of rows is bounded. Further lapses show up as others are stored.
 */
export const withLapses = (p: Placeholders<ClockArguments>, namespaces: Namespaces) =>
  withClock(p)
    .with(
      (cte) => cte('due').materialized(),
      (query) =>
        query
          .selectFrom(namespaces)
          .crossJoin('clock')
          .crossJoinLateral((eb) =>
            eb
              .selectFrom('handoffs')
              .select([
                'id',
                'handoff_id',
                'namespace',
                'session_id',
                'requesting_agent',
                'target_agent',
                'project',
                'created_at',
                'expires_at',
              ])
              .whereRef('handoffs.namespace', '=', 'wanted.namespace')
              .whereRef('lease_check_at', '<=', 'clock.now')
              .orderBy('lease_check_at')
              .limit(sql.lit(scanWidth))
              .as('handoff'),
          )
          .crossJoinLateral((eb) =>
            eb
              .selectFrom('sessions')
              .select(['state', 'lease_handoff_id', 'lease_expires_at'])
              .whereRef('sessions.id', '=', 'handoff.session_id')
              .offset(sql.lit(0))
              .as('session'),
          )
          .selectAll('handoff')
          .selectAll('session'),
    )
    .with(
      (cte) => cte('lapsed').materialized(),
      (query) =>
        query
          .selectFrom(['due', 'clock'])
          .select(['due.id', 'due.namespace', 'due.session_id', 'requesting_agent', 'target_agent', 'project'])
          .select((eb) => {
            const [expiresAt, lapsedAt] = [eb.ref('expires_at'), eb.ref('lease_expires_at').$notNull()];
            const standsUntil = sql<Date>`case when ${expiresAt} > ${lapsedAt} then ${expiresAt}
              else ${lapsedAt} + (${expiresAt} - ${eb.ref('created_at')}) end`;
            return [lapsedAt.as('lapsed_at'), standsUntil.as('expires_at')];
          })
          .whereRef('due.lease_handoff_id', '=', 'due.handoff_id')
          .where((eb) => isLapsed('due', eb.ref('clock.now'))),
    );

/** The row of one namespace. */
export const oneNamespace = (namespace: RawBuilder<string>): Namespaces =>
  sql<{ namespace: string }>`(values (${cast(namespace, 'text')}))`.as(sql`wanted(namespace)`);

/**
 * Whether a lapse cancels a stored offer that is pending and has not expired. See `isCancelledByLapse` in the domain. The
 * sessions are hashed: a join would compare each offer with each lapse.
 *
 * @param handoff the name of a row with the columns of `handoffs`
 */
export function isCancelledByLapse(handoff: string): RawBuilder<boolean> {
  const column = columnsOf<HandoffsTable>(handoff);
  return sql`(${isOwnershipType(column('request_type'))} and ${column('session_id')} in (select session_id from lapsed))`;
}
