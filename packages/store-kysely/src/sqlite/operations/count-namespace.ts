import { ownershipTypes, type CountNamespace, type NamespaceCounts } from '@org/domain';
import { sql } from 'kysely';
import type { Placeholders } from '../../prepared-query.js';
import type { NoticeUnsettled } from '../../settler.js';
import type { Connection } from '../connection/connection.js';
import { prepareFindLapses } from '../leases/lapses.js';
import type { Operation } from './operation.js';
import { db } from '../connection/query-builder.js';

export function prepareCountNamespace(
  connection: Connection,
  notice: NoticeUnsettled,
): Operation<CountNamespace, NamespaceCounts> {
  const findLapses = prepareFindLapses(connection, notice);
  const countSessions = prepareCountSessions(connection);
  const countPending = prepareCountPending(connection);
  const countCancelled = prepareCountCancelled(connection);

  return ({ namespace, limit }, nowMs) => {
    const stored = countPending({ namespace, nowMs, limit })?.found ?? 0;
    const { offers } = findLapses(namespace, nowMs);
    const offeredAgain = offers.filter((offer) => offer.expires_at > nowMs).length;
    const cancelled = offers
      .map(({ session_id: sessionRowId }) => countCancelled({ sessionRowId, nowMs })?.found ?? 0)
      .reduce((sum, found) => sum + found, 0);
    return {
      sessions: countSessions({ namespace, limit })?.found ?? 0,
      pendingHandoffs: Math.min(limit, Math.max(0, stored - cancelled) + offeredAgain),
    };
  };
}

type Count<Arguments> = (args: Arguments) => { readonly found: number } | undefined;

const found = sql<number>`count(*)`.as('found');

function prepareCountSessions(connection: Connection): Count<{ namespace: string; limit: number }> {
  return connection.prepare((p: Placeholders<{ namespace: string; limit: number }>) =>
    db
      .selectFrom(
        db
          .selectFrom('sessions')
          .select('id')
          .where('namespace', '=', p.namespace)
          // The order of the smallest index of a namespace. Without it, the planner may take another one.
          .orderBy('id')
          .limit(p.limit)
          .as('some'),
      )
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

/** Counts the handoffs of ownership that the lapse of their session's lease cancels, without those that have expired. */
function prepareCountCancelled(connection: Connection): Count<{ sessionRowId: number; nowMs: number }> {
  return connection.prepare((p: Placeholders<{ sessionRowId: number; nowMs: number }>) =>
    db
      .selectFrom('handoffs')
      .select(found)
      .where('session_id', '=', p.sessionRowId)
      .where('status', '=', sql.lit('pending'))
      .where(
        'request_type',
        'in',
        ownershipTypes.map((type) => sql.lit(type)),
      )
      .where('expires_at', '>', p.nowMs),
  ).get;
}
