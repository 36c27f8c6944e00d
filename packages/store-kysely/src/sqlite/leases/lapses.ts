import { isCancelledByLapse, standsUntil } from '@org/domain';
import { sql } from 'kysely';
import type { Placeholders } from '../../prepared-query.js';
import type { NoticeUnsettled } from '../../settler.js';
import type { Connection } from '../connection/connection.js';
import { db } from '../connection/query-builder.js';
import { scannedColumns, type ScannedHandoff } from '../operations/handoffs/read-offers.js';
import { scanWidth } from '../../constants.js';
import { isLapsed } from '../rows/session-row.js';

/** An offer that is pending again because of a lapse that is not stored yet. */
export type LapsedOffer = ScannedHandoff & { readonly lapsed_at: number; readonly project: string | null };

/** The lapses of a namespace that are not stored yet. */
export interface Lapses {
  /** The offers that are pending again, in the order of their lapses. In lists they follow all stored handoffs. */
  readonly offers: readonly LapsedOffer[];
  /**
   * Returns a stored handoff as it is after the lapses. Returns undefined for one of {@link offers}, which has moved.
   */
  readonly settle: <Row extends ScannedHandoff>(row: Row) => Row | undefined;
}

/**
 * Finds the lapses of a namespace, for operations that list handoffs.
 *
 * Deadlines move with every write, so no index holds them. A handoff holds when to check its session's row, which is
 * never after the deadline. The number of rows is bounded. Further lapses show up as others are stored.
 */
export function prepareFindLapses(
  connection: Connection,
  notice: NoticeUnsettled,
): (namespace: string, nowMs: number) => Lapses {
  const findDue = connection.prepare((p: Placeholders<{ namespace: string; nowMs: number; limit: number }>) =>
    db
      .selectFrom('handoffs')
      .innerJoin('sessions', 'sessions.id', 'handoffs.session_id')
      .select(scannedColumns.map((column) => `handoffs.${column}` as const))
      .select(['handoffs.created_at', 'handoffs.handoff_id', 'handoffs.project', 'sessions.state'])
      .select(['sessions.lease_handoff_id', 'sessions.lease_expires_at'])
      .where('handoffs.namespace', '=', p.namespace)
      .where('handoffs.lease_check_at', '<=', p.nowMs)
      .orderBy('handoffs.lease_check_at')
      .limit(p.limit),
  ).all;

  return (namespace, nowMs) => {
    const due = findDue({ namespace, nowMs, limit: scanWidth });
    if (due.length > 0) notice({ namespace });
    const offers = due.flatMap((row): LapsedOffer[] => {
      const { lease_expires_at: lapsedAt } = row;
      if (lapsedAt === null || row.lease_handoff_id !== row.handoff_id || !isLapsed(row, nowMs)) return [];
      const expiresAt = standsUntil(row.created_at, row.expires_at, lapsedAt);
      return [{ ...row, status: 'pending', expires_at: expiresAt, lapsed_at: lapsedAt }];
    });
    return lapsesOf(offers.toSorted((a, b) => a.lapsed_at - b.lapsed_at || a.id - b.id));
  };
}

/** Whether there may be lapses in a namespace that are not stored yet. */
export function prepareAreLeasesDue(connection: Connection): (namespace: string, nowMs: number) => boolean {
  const findDue = connection.prepare((p: Placeholders<{ namespace: string; nowMs: number }>) =>
    db
      .selectFrom('handoffs')
      .select('id')
      .where('namespace', '=', p.namespace)
      .where('lease_check_at', '<=', p.nowMs)
      .limit(sql.lit(1)),
  ).get;
  return (namespace, nowMs) => findDue({ namespace, nowMs }) !== undefined;
}

function lapsesOf(offers: readonly LapsedOffer[]): Lapses {
  const bySession = new Map(offers.map((offer) => [offer.session_id, offer]));
  return {
    offers,
    settle: (row) => {
      const lapsed = bySession.get(row.session_id);
      if (lapsed === undefined) return row;
      if (lapsed.id === row.id) return undefined;
      const { status, request_type: requestType, expires_at: expiresAtMs } = row;
      const isCancelled = isCancelledByLapse({ status, requestType, expiresAtMs }, lapsed.lapsed_at);
      return isCancelled ? { ...row, status: 'cancelled' } : row;
    },
  };
}
