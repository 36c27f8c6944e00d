import type { CountNamespace, NamespaceCounts } from '@org/domain';
import { sql } from 'kysely';
import type { Placeholders } from '../prepared-query.js';
import type { Connection } from './connection.js';
import type { Operation } from './operation.js';
import { db } from './query-builder.js';
import { prepareSettleDueLeases } from './settle-due-leases.js';

export function prepareCountNamespace(connection: Connection): Operation<CountNamespace, NamespaceCounts> {
  const settleDueLeases = prepareSettleDueLeases(connection);
  const countSessions = prepareCountSessions(connection);
  const countPending = prepareCountPending(connection);

  return ({ namespace, limit }, nowMs) => {
    settleDueLeases(namespace, nowMs);
    return {
      sessions: countSessions({ namespace, limit })?.found ?? 0,
      pendingHandoffs: countPending({ namespace, nowMs, limit })?.found ?? 0,
    };
  };
}

type Count<Arguments> = (args: Arguments) => { readonly found: number } | undefined;

const found = sql<number>`count(*)`.as('found');

function prepareCountSessions(connection: Connection): Count<{ namespace: string; limit: number }> {
  return connection.prepare((p: Placeholders<{ namespace: string; limit: number }>) =>
    db
      .selectFrom(db.selectFrom('sessions').select('id').where('namespace', '=', p.namespace).limit(p.limit).as('some'))
      .select(found),
  ).get;
}

function prepareCountPending(connection: Connection): Count<{ namespace: string; nowMs: number; limit: number }> {
  return connection.prepare((p: Placeholders<{ namespace: string; nowMs: number; limit: number }>) =>
    db
      .selectFrom(
        db
          .selectFrom('handoffs')
          .select('id')
          .where('namespace', '=', p.namespace)
          .where('status', '=', sql.lit('pending'))
          .where('expires_at', '>', p.nowMs)
          .limit(p.limit)
          .as('some'),
      )
      .select(found),
  ).get;
}
