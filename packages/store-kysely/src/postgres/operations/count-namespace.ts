import type { CountNamespace, NamespaceCounts } from '@org/domain';
import { sql } from 'kysely';
import type { NoticeUnsettled } from '../../settler.js';
import { clock } from '../statements/clock.js';
import type { Database } from '../statements/database.js';
import { findLapses, isCancelledByLapse, oneNamespace } from '../leases/lapses.js';
import type { Operation } from './operation.js';
import { statement } from '../statements/query-builder.js';
import { place } from '../rows/scan.js';

interface Counted {
  /** Whether leases may have lapsed that nothing has stored yet. */
  readonly has_due: boolean;
  readonly sessions: number;
  readonly pending_handoffs: number;
}

export function prepareCountNamespace(
  database: Database,
  notice: NoticeUnsettled,
): Operation<CountNamespace, NamespaceCounts> {
  const read = database.prepareRead<CountNamespace, Counted>('count_namespace', (p) =>
    statement(sql`
        with clock as materialized (select ${clock(p)} as now), ${findLapses(oneNamespace(p.namespace))},
        found as materialized (
          select session_id, request_type, expires_at
          from handoffs where namespace = ${p.namespace} and status = 'pending'
          order by coalesce(target_agent, ''), ${place} limit ${p.limit}::integer
        )
        select
          exists (select from due) as has_due,
          (select count(*) from (
            select from sessions where namespace = ${p.namespace}
            order by ${place} limit ${p.limit}::integer
          ) as found) as sessions,
          least(${p.limit}::integer, (
            select count(*) from clock, found
            where found.expires_at > clock.now and not ${isCancelledByLapse(sql`found`)}
          ) + (
            select count(*) from clock, lapsed where lapsed.expires_at > clock.now
          )) as pending_handoffs`),
  );
  return async ({ namespace, limit }) => {
    const [row] = await read({ namespace, limit });
    if (row?.has_due === true) notice({ namespace });
    return { sessions: row?.sessions ?? 0, pendingHandoffs: row?.pending_handoffs ?? 0 };
  };
}
