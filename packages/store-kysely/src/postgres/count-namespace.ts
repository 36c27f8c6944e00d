import type { CountNamespace, NamespaceCounts } from '@org/domain';
import { sql } from 'kysely';
import { clock } from './clock.js';
import type { Database } from './database.js';
import type { Operation } from './operation.js';
import { statement } from './query-builder.js';
import { place } from './scan.js';
import { areLeasesDue, prepareSettleDueLeases } from './settle-due-leases.js';
import { untilAnswered } from './until-answered.js';

interface Counted {
  /** Offers whose lease has lapsed are pending again: they have to be settled first. */
  readonly leases_due: boolean;
  readonly sessions: number;
  readonly pending_handoffs: number;
}

export function prepareCountNamespace(database: Database): Operation<CountNamespace, NamespaceCounts> {
  const settleDueLeases = prepareSettleDueLeases(database);
  const read = database.prepareRead<CountNamespace, Counted>('count_namespace', (p) =>
    statement(sql`
        with clock as materialized (select ${clock(p)} as now)
        select
          ${areLeasesDue(p.namespace, sql`(select now from clock)`)} as leases_due,
          (select count(*) from (
            select from sessions where namespace = ${p.namespace}
            order by ${place} limit ${p.limit}::integer
          ) as found) as sessions,
          (select count(*) filter (where expires_at > (select now from clock)) from (
            select expires_at from handoffs where namespace = ${p.namespace} and status = 'pending'
            order by coalesce(target_agent, ''), ${place} limit ${p.limit}::integer
          ) as found) as pending_handoffs`),
  );
  return ({ namespace, limit }) =>
    untilAnswered(async () => {
      const [row] = await read({ namespace, limit });
      if (row?.leases_due === true && (await settleDueLeases([namespace]))) return undefined;
      return { sessions: row?.sessions ?? 0, pendingHandoffs: row?.pending_handoffs ?? 0 };
    });
}
