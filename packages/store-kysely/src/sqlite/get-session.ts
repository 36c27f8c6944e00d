import { sessionNotFound, type SessionRef } from '@org/domain';
import type { Connection } from './connection.js';
import { preparedOnce } from './prepared-once.js';
import { prepareFindSession, type SessionRow } from './session-row.js';
import { prepareSettleLease } from './settle-lease.js';

/** Gets the row of a session, after settling its lease. It throws SESSION_NOT_FOUND. */
export const prepareGetSession: (connection: Connection) => (ref: SessionRef, nowMs: number) => SessionRow =
  preparedOnce((connection) => {
    const findSession = prepareFindSession(connection);
    const settleLease = prepareSettleLease(connection);
    return (ref, nowMs) => {
      const row = findSession(ref);
      if (row === undefined) throw sessionNotFound(ref.sessionKey);
      return settleLease(row, nowMs);
    };
  });
