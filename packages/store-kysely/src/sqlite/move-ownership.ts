import { sql } from 'kysely';
import type { Placeholders } from '../prepared-query.js';
import type { Connection } from './connection.js';
import { db } from './query-builder.js';
import { participantsOf, prepareSaveSession, type SessionRow } from './session-row.js';

/**
 * Makes an agent the owner at a new epoch, which fences everyone else out, and cancels the offers by which the session
 * could move once more. Answers with the row as it is now.
 */
export function prepareMoveOwnership(
  connection: Connection,
): (session: SessionRow, owner: string, nowMs: number) => SessionRow {
  const saveSession = prepareSaveSession(connection);
  const cancelOffers = connection.prepare((p: Placeholders<{ sessionId: number; nowMs: number }>) =>
    db
      .updateTable('handoffs')
      .set({ status: 'cancelled', resolved_at: p.nowMs, reason: 'ownership moved' })
      .where('session_id', '=', p.sessionId)
      .where('status', '=', sql.lit('pending'))
      .where('request_type', '=', sql.lit('full_handoff'))
      .where('expires_at', '>', p.nowMs),
  );
  return (session, owner, nowMs) => {
    const moved: SessionRow = {
      ...session,
      owner,
      participants: JSON.stringify(participantsOf(session).filter((participant) => participant !== owner)),
      epoch: session.epoch + 1,
      version: session.version + 1,
      updated_at: nowMs,
      last_activity_at: nowMs,
    };
    saveSession(moved);
    cancelOffers.run({ sessionId: session.id, nowMs });
    return moved;
  };
}
