import type { Placeholders } from '../prepared-query.js';
import type { Connection } from './connection.js';
import { prepareScheduleLeaseCheck } from './handoff-row.js';
import { preparedOnce } from './prepared-once.js';
import { db } from './query-builder.js';
import type { SessionRow } from './session-row.js';
import { prepareSettleLease } from './settle-lease.js';

/**
 * Settles every lease of a namespace that lapsed: for operations that list what they have not looked at one by one.
 *
 * Deadlines move with every write, so no index holds them. A handoff holds when to look at its session's row: at the first
 * deadline, then at the one that is found there. Each lease is looked at about once in its duration.
 */
export const prepareSettleDueLeases: (connection: Connection) => (namespace: string, nowMs: number) => void =
  preparedOnce((connection) => {
    const settleLease = prepareSettleLease(connection);
    const scheduleCheck = prepareScheduleLeaseCheck(connection);
    const findDue = connection.prepare((p: Placeholders<{ namespace: string; nowMs: number }>) =>
      db
        .selectFrom('handoffs')
        .select(['handoff_id', 'session_id'])
        .where('namespace', '=', p.namespace)
        .where('lease_check_at', '<=', p.nowMs),
    ).all;
    const findSession = connection.prepare((p: Placeholders<{ id: number }>) =>
      db.selectFrom('sessions').selectAll().where('id', '=', p.id),
    ).get;

    return (namespace, nowMs) => {
      for (const { handoff_id: handoffId, session_id: id } of findDue({ namespace, nowMs })) {
        const stored = findSession({ id });
        const session = stored && settleLease(stored, nowMs);
        scheduleCheck({ namespace, handoffId, atMs: session === undefined ? null : nextCheckOf(session, handoffId) });
      }
    };
  });

/** Null: none, for the lease is over, or it cannot lapse before someone opens the session again. */
const nextCheckOf = (session: SessionRow, handoffId: string): number | null =>
  session.state === 'active' && session.lease_handoff_id === handoffId ? session.lease_expires_at : null;
