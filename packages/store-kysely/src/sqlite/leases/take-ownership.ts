import { isExpired, moveOwnership, takeOverEntry, tookOverFrom, type TakeOverMove } from '@org/domain';
import type { Connection } from '../connection/connection.js';
import { preparedOnce } from '../connection/prepared-once.js';
import { newEntryRow, prepareWriteEntry } from '../rows/log-rows.js';
import { activeAt, sessionRecord, type SessionRow } from '../rows/session-row.js';
import { prepareMoveOwnership } from './move-ownership.js';

/**
 * Makes another agent the owner of a session without the consent of its owner, and appends the entry that says so.
 * Returns the new row. An expired session stays expired.
 */
export const prepareTakeOwnership: (
  connection: Connection,
) => (session: SessionRow, taken: Omit<TakeOverMove, 'from'>, nowMs: number) => SessionRow = preparedOnce(
  (connection) => {
    const move = prepareMoveOwnership(connection);
    const writeEntry = prepareWriteEntry(connection);

    return (session, taken, nowMs) => {
      const former = sessionRecord(session, nowMs);
      const tookOver = tookOverFrom(former);
      const isByOwner = taken.handoffId !== undefined;
      const ownership = moveOwnership(former, taken.to, {
        takenOverAtMs: nowMs,
        ownerWroteAtMs: isByOwner ? nowMs : undefined,
      });
      const moved = move(isExpired(former) ? session : activeAt(session, nowMs), ownership, nowMs);
      const entry = newEntryRow(
        moved,
        {
          ...takeOverEntry({ ...taken, from: session.owner }, tookOver),
          agent: taken.to,
          contextType: 'system',
          pinned: false,
        },
        nowMs,
      );
      const after = { ...moved, owner_last_sequence: isByOwner ? entry.sequence : null };
      writeEntry(entry, after);
      return { ...after, last_sequence: entry.sequence };
    };
  },
);
