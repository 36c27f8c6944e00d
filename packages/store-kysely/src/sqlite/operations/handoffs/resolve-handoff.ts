import { moveOwnership, refuseResolve, type HandoffRecord, type Replayable, type ResolveHandoff } from '@org/domain';
import type { Connection } from '../../connection/connection.js';
import { prepareGetSituation } from '../../mutation/get-situation.js';
import { handoffRecord, prepareSaveHandoff, type HandoffRow } from '../../rows/handoff-row.js';
import { prepareMoveOwnership } from '../../leases/move-ownership.js';
import { prepareMutation } from '../../mutation/prepare-mutation.js';
import type { Operation } from '../operation.js';
import { activeAt, leaseColumns, prepareSaveSession, sessionRecord, type SessionRow } from '../../rows/session-row.js';

export function prepareResolveHandoff(
  connection: Connection,
): Operation<ResolveHandoff, Replayable<{ handoff: HandoffRecord }>> {
  const getSituation = prepareGetSituation(connection);
  const saveHandoff = prepareSaveHandoff(connection);
  const finish = prepareFinish(connection);

  return prepareMutation(connection, {
    settle: (request, nowMs) => getSituation(request, nowMs),
    refuse: (request, { handoff, session, record }, nowMs) =>
      refuseResolve(handoffRecord(handoff, session, nowMs), record, request),
    write: (request, { handoff, session }, nowMs) => {
      const resolved: HandoffRow = {
        ...handoff,
        status: request.outcome,
        lease_check_at: null,
        resolved_at: nowMs,
        reason: request.reason ?? null,
        result: request.result === undefined ? null : JSON.stringify(request.result),
      };
      saveHandoff(resolved);
      return { handoff: handoffRecord(resolved, finish(resolved, session, nowMs), nowMs) };
    },
  });
}

/** Changes the session according to the outcome of its handoff, and returns its row. */
function prepareFinish(
  connection: Connection,
): (handoff: HandoffRow, session: SessionRow, nowMs: number) => SessionRow {
  const move = prepareMoveOwnership(connection);
  const saveSession = prepareSaveSession(connection);

  return (handoff, session, nowMs) => {
    if (handoff.status === 'returned') {
      const ownership = moveOwnership(sessionRecord(session, nowMs), handoff.requesting_agent);
      return move(activeAt(session, nowMs), ownership, nowMs);
    }
    if (session.lease_handoff_id !== handoff.handoff_id) return session;
    const kept: SessionRow = { ...session, ...leaseColumns(undefined) };
    saveSession(kept);
    return kept;
  };
}
