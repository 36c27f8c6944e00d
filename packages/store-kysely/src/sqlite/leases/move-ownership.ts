import { ownershipTypes, type Ownership } from '@org/domain';
import { sql } from 'kysely';
import { ownershipMoved } from '../../constants.js';
import type { Placeholders } from '../../prepared-query.js';
import type { Connection } from '../connection/connection.js';
import { preparedOnce } from '../connection/prepared-once.js';
import { db } from '../connection/query-builder.js';
import { ownershipColumns, prepareSaveSession, type SessionRow } from '../rows/session-row.js';

/**
 * Stores the new ownership of a session, and cancels its pending handoffs of ownership. Returns the new row.
 *
 * @param ownership the ownership after the move, at a new epoch, which fences other agents
 */
export const prepareMoveOwnership: (
  connection: Connection,
) => (session: SessionRow, ownership: Ownership, nowMs: number) => SessionRow = preparedOnce((connection) => {
  const saveSession = prepareSaveSession(connection);
  const cancelOffers = connection.prepare((p: Placeholders<{ sessionRowId: number; nowMs: number }>) =>
    db
      .updateTable('handoffs')
      .set({ status: 'cancelled', resolved_at: p.nowMs, reason: ownershipMoved })
      .where('session_id', '=', p.sessionRowId)
      .where('status', '=', sql.lit('pending'))
      .where(
        'request_type',
        'in',
        ownershipTypes.map((type) => sql.lit(type)),
      )
      .where('expires_at', '>', p.nowMs),
  );
  return (session, ownership, nowMs) => {
    const moved: SessionRow = {
      ...session,
      ...ownershipColumns(ownership),
      version: session.version + 1,
      updated_at: Math.max(session.updated_at, nowMs),
    };
    saveSession(moved);
    cancelOffers.run({ sessionRowId: session.id, nowMs });
    return moved;
  };
});
