import type { Placeholders } from '../../prepared-query.js';
import type { Connection } from '../connection/connection.js';
import { prepareScheduleLeaseCheck } from '../rows/handoff-row.js';
import type { Operation } from '../operations/operation.js';
import { db } from '../connection/query-builder.js';
import type { SessionRow } from '../rows/session-row.js';
import { prepareSettleLease } from './settle-lease.js';

/** Each lease takes a few statements, so this many block the event loop for a few milliseconds. */
const settledAtOnce = 50;

/**
 * Stores some lapses of a namespace, and returns true if there may be more. A lease that has not lapsed is checked again at
 * its deadline, so about once per duration.
 */
export function prepareSettleDueLeases(connection: Connection): Operation<string, boolean> {
  const settleLease = prepareSettleLease(connection);
  const scheduleCheck = prepareScheduleLeaseCheck(connection);
  const findDue = connection.prepare((p: Placeholders<{ namespace: string; nowMs: number; limit: number }>) =>
    db
      .selectFrom('handoffs')
      .select(['handoff_id', 'session_id'])
      .where('namespace', '=', p.namespace)
      .where('lease_check_at', '<=', p.nowMs)
      .orderBy('lease_check_at')
      .limit(p.limit),
  ).all;
  const findSession = connection.prepare((p: Placeholders<{ sessionRowId: number }>) =>
    db.selectFrom('sessions').selectAll().where('id', '=', p.sessionRowId),
  ).get;

  return (namespace, nowMs) => {
    const due = findDue({ namespace, nowMs, limit: settledAtOnce });
    for (const { handoff_id: handoffId, session_id: sessionRowId } of due) {
      const stored = findSession({ sessionRowId });
      const session = stored && settleLease(stored, nowMs);
      scheduleCheck({ namespace, handoffId, atMs: session === undefined ? null : nextCheckOf(session, handoffId) });
    }
    return due.length === settledAtOnce;
  };
}

/** Returns null if the lease is over, or cannot lapse because the session is closed. */
const nextCheckOf = (session: SessionRow, handoffId: string): number | null =>
  session.state === 'active' && session.lease_handoff_id === handoffId ? session.lease_expires_at : null;
