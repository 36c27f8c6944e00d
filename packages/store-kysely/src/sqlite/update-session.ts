import { refuseUpdateSession, type Replayable, type SessionRecord, type UpdateSession } from '@org/domain';
import type { Connection } from './connection.js';
import type { Operation } from './operation.js';
import { prepareGetSession, prepareSaveSession, sessionRecord, type SessionRow } from './session-row.js';
import { prepareWasOwner } from './was-owner.js';

export function prepareUpdateSession(
  connection: Connection,
): Operation<UpdateSession, Replayable<{ session: SessionRecord }>> {
  const getSession = prepareGetSession(connection);
  const saveSession = prepareSaveSession(connection);
  const wasOwner = prepareWasOwner(connection);

  return (request, nowMs) => {
    const row = getSession(request);
    const refusal = refuseUpdateSession(sessionRecord(row, nowMs), request, () => wasOwner(row.id, request.agent));
    if (refusal !== undefined) throw refusal;

    const updated: SessionRow = {
      ...row,
      state: request.state ?? row.state,
      title: request.title ?? row.title,
      metadata: request.metadata === undefined ? row.metadata : JSON.stringify(request.metadata),
      ttl_ms: request.ttlMs ?? row.ttl_ms,
      version: row.version + 1,
      updated_at: nowMs,
      last_activity_at: nowMs,
    };
    saveSession(updated);
    return { session: sessionRecord(updated, nowMs), replayed: false };
  };
}
