import type { CountNamespace, NamespaceCounts } from '@org/domain';
import { sql } from 'kysely';
import { clock } from './clock.js';
import type { Database } from './database.js';
import type { Operation } from './operation.js';
import { statement } from './query-builder.js';
import { place } from './scan.js';

export function prepareCountNamespace(database: Database): Operation<CountNamespace, NamespaceCounts> {
  const read = database.prepareRead<CountNamespace, { sessions: number; pending_handoffs: number }>(
    'count_namespace',
    (p) =>
      statement(sql`
        with clock as materialized (select ${clock(p)} as now)
        select
          (select count(*) from (
            select from sessions where namespace = ${p.namespace}
            order by ${place} limit ${p.limit}::integer
          ) as found) as sessions,
          (select count(*) filter (where expires_at > (select now from clock)) from (
            select expires_at from handoffs where namespace = ${p.namespace} and status = 'pending'
            order by coalesce(target_agent, ''), ${place} limit ${p.limit}::integer
          ) as found) as pending_handoffs`),
  );
  return async ({ namespace, limit }) => {
    const [row] = await read({ namespace, limit });
    return { sessions: row?.sessions ?? 0, pendingHandoffs: row?.pending_handoffs ?? 0 };
  };
}
