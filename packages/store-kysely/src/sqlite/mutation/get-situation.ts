import type { HandoffRef } from '@org/domain';
import type { Connection } from '../connection/connection.js';
import { prepareGetSession } from '../rows/get-session.js';
import { prepareGetHandoff, type HandoffRow } from '../rows/handoff-row.js';
import { preparedOnce } from '../connection/prepared-once.js';
import type { SessionRow } from '../rows/session-row.js';

/** A handoff and the session that it is about. */
export interface Situation {
  readonly handoff: HandoffRow;
  readonly session: SessionRow;
}

/** Gets the rows of a handoff and of its session, after settling the lease. Throws HANDOFF_NOT_FOUND. */
export const prepareGetSituation: (connection: Connection) => (ref: HandoffRef, nowMs: number) => Situation =
  preparedOnce((connection) => {
    const getHandoff = prepareGetHandoff(connection);
    const getSession = prepareGetSession(connection);
    return (ref, nowMs) => {
      const { namespace, session_key: sessionKey } = getHandoff(ref);
      const session = getSession({ namespace, sessionKey }, nowMs);
      // Read again: settling the lease may have changed this handoff.
      return { handoff: getHandoff(ref), session };
    };
  });
