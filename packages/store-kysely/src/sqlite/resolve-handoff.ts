import { refuseResolve, type HandoffRecord, type Replayable, type ResolveHandoff } from '@org/domain';
import type { Connection } from './connection.js';
import { handoffRecord, prepareGetHandoff, prepareSaveHandoff, type HandoffRow } from './handoff-row.js';
import { prepareMoveOwnership } from './move-ownership.js';
import type { Operation } from './operation.js';
import { prepareGetSession, sessionRecord } from './session-row.js';

export function prepareResolveHandoff(
  connection: Connection,
): Operation<ResolveHandoff, Replayable<{ handoff: HandoffRecord }>> {
  const getHandoff = prepareGetHandoff(connection);
  const saveHandoff = prepareSaveHandoff(connection);
  const getSession = prepareGetSession(connection);
  const moveOwnership = prepareMoveOwnership(connection);

  return (request, nowMs) => {
    const handoff = getHandoff(request);
    const session = getSession({ namespace: request.namespace, sessionKey: handoff.session_key });
    const refusal = refuseResolve(handoffRecord(handoff, nowMs), sessionRecord(session, nowMs), request);
    if (refusal !== undefined) throw refusal;

    const resolved: HandoffRow = {
      ...handoff,
      status: request.outcome,
      resolved_at: nowMs,
      reason: request.reason ?? null,
      result: request.result === undefined ? null : JSON.stringify(request.result),
    };
    saveHandoff(resolved);
    if (request.outcome === 'returned') moveOwnership(session, handoff.requesting_agent, nowMs);
    return { handoff: handoffRecord(resolved, nowMs), replayed: false };
  };
}
