import { sql, type RawBuilder } from 'kysely';
import { isLapsed } from '../rows/session-row.js';
import { scanWidth } from '../../constants.js';

/**
 * Expressions for `with … ${findLapses(…)} …`. `due` holds the handoffs whose leases may have lapsed, by their
 * `lease_check_at`. That column is indexed and never later than the deadline. The deadline itself is not indexed, because
 * every write of the owner moves it. `lapsed` holds the handoffs whose leases have lapsed: each is pending again, and
 * follows all stored handoffs in lists. See `settledHandoff` in the domain.
 *
 * The number of rows is bounded. Further lapses show up as others are stored.
 *
 * @param namespaces of one row for each namespace, as `namespace`
 */
export const findLapses = (namespaces: RawBuilder<unknown>): RawBuilder<unknown> => sql`
  due as materialized (
    select handoff.*, session.*
    from ${namespaces} as wanted (namespace) cross join clock cross join lateral (
      select id, handoff_id, namespace, session_id, requesting_agent, target_agent, created_at, expires_at
      from handoffs
      where handoffs.namespace = wanted.namespace and lease_check_at <= clock.now
      order by lease_check_at limit ${sql.lit(scanWidth)}
    ) as handoff cross join lateral (
      select state, lease_handoff_id, lease_expires_at from sessions where sessions.id = handoff.session_id offset 0
    ) as session
  ), lapsed as materialized (
    select due.id, due.namespace, due.session_id, requesting_agent, target_agent, lease_expires_at as lapsed_at,
      case when expires_at > lease_expires_at then expires_at
        else lease_expires_at + (expires_at - created_at) end as expires_at
    from due, clock
    where due.lease_handoff_id = due.handoff_id and ${isLapsed(sql`due`, sql`clock.now`)}
  )`;

/** One row: a namespace. */
export const oneNamespace = (namespace: RawBuilder<string>): RawBuilder<unknown> => sql`(values (${namespace}::text))`;

/**
 * Whether a lapse cancels a stored offer that is pending and has not expired. See `isCancelledByLapse` in the domain. The
 * sessions are hashed: a join would compare each offer with each lapse.
 */
export const isCancelledByLapse = (handoff: RawBuilder<unknown>): RawBuilder<boolean> =>
  sql`(${handoff}.request_type = 'full_handoff' and ${handoff}.session_id in (select session_id from lapsed))`;
