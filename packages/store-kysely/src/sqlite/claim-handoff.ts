import { refuseClaim, type ClaimedHandoff, type ClaimHandoff, type Replayable, type RequestType } from '@org/domain';
import type { Connection } from './connection.js';
import { handoffRecord, prepareGetHandoff, prepareSaveHandoff, type HandoffRow } from './handoff-row.js';
import { prepareMoveOwnership } from './move-ownership.js';
import type { Operation } from './operation.js';
import {
  participantsOf,
  prepareGetSession,
  prepareSaveSession,
  sessionRecord,
  type SessionRow,
} from './session-row.js';

export function prepareClaimHandoff(connection: Connection): Operation<ClaimHandoff, Replayable<ClaimedHandoff>> {
  const getHandoff = prepareGetHandoff(connection);
  const saveHandoff = prepareSaveHandoff(connection);
  const getSession = prepareGetSession(connection);
  const grantRights = prepareGrantRights(connection);

  return (request, nowMs) => {
    const { agent, namespace } = request;
    const handoff = getHandoff(request);
    const session = getSession({ namespace, sessionKey: handoff.session_key });
    const answer = (claimed: HandoffRow, granted: SessionRow, replayed: boolean): Replayable<ClaimedHandoff> => ({
      handoff: handoffRecord(claimed, nowMs),
      session: sessionRecord(granted, nowMs),
      replayed,
    });
    if (handoff.status === 'accepted' && handoff.accepted_by === agent) return answer(handoff, session, true);
    const refusal = refuseClaim(handoffRecord(handoff, nowMs), sessionRecord(session, nowMs), request);
    if (refusal !== undefined) throw refusal;

    const accepted: HandoffRow = { ...handoff, status: 'accepted', accepted_by: agent };
    saveHandoff(accepted);
    return answer(accepted, grantRights(accepted.request_type, session, agent, nowMs), false);
  };
}

type GrantRights = (requestType: RequestType, session: SessionRow, agent: string, nowMs: number) => SessionRow;

/** Gives an acceptor what its handoff promised, and answers with the session as it is then. */
function prepareGrantRights(connection: Connection): GrantRights {
  const moveOwnership = prepareMoveOwnership(connection);
  const saveSession = prepareSaveSession(connection);

  return (requestType, session, agent, nowMs) => {
    if (requestType === 'full_handoff') return moveOwnership(session, agent, nowMs);
    const joins =
      requestType === 'collaboration' && agent !== session.owner && !participantsOf(session).includes(agent);
    const granted: SessionRow = {
      ...session,
      last_activity_at: nowMs,
      ...(joins && {
        participants: JSON.stringify([...participantsOf(session), agent]),
        version: session.version + 1,
        updated_at: nowMs,
      }),
    };
    saveSession(granted);
    return granted;
  };
}
