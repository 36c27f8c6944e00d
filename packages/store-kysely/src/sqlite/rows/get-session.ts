import { sessionNotFound, type SessionRef } from '@org/domain';
import type { Connection } from '../connection/connection.js';
import { preparedOnce } from '../connection/prepared-once.js';
import { prepareFindSession, type SessionRow } from './session-row.js';
import { prepareSettleLease } from '../leases/settle-lease.js';

type GetSession = (ref: SessionRef, nowMs: number) => SessionRow;

/** Gets the row of a session as it is stored, for a read. Throws SESSION_NOT_FOUND. */
export const prepareGetStoredSession: (connection: Connection) => (ref: SessionRef) => SessionRow = preparedOnce(
  (connection) => {
    const findSession = prepareFindSession(connection);
    return (ref) => {
      const row = findSession(ref);
      if (row === undefined) throw sessionNotFound(ref.sessionKey);
      return row;
    };
  },
);

/** Gets the row of a session after storing the lapse of its lease, for a write. Throws SESSION_NOT_FOUND. */
export const prepareGetSession: (connection: Connection) => GetSession = preparedOnce((connection) => {
  const getStored = prepareGetStoredSession(connection);
  const settleLease = prepareSettleLease(connection);
  return (ref, nowMs) => settleLease(getStored(ref), nowMs);
});
