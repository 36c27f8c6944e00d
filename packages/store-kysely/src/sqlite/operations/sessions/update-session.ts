import {
  refuseUpdateSession,
  renewedLease,
  type Replayable,
  type SessionRecord,
  type UpdateSession,
} from '@org/domain';
import type { Connection } from '../../connection/connection.js';
import { prepareFollowDeadline } from '../../leases/follow-deadline.js';
import { prepareGetSession } from '../../rows/get-session.js';
import { prepareScheduleLeaseCheck } from '../../rows/handoff-row.js';
import type { Operation } from '../operation.js';
import { activeAt, leaseColumns, prepareSaveSession, sessionRecord, type SessionRow } from '../../rows/session-row.js';

export function prepareUpdateSession(
  connection: Connection,
): Operation<UpdateSession, Replayable<{ session: SessionRecord }>> {
  const getSession = prepareGetSession(connection);
  const saveSession = prepareSaveSession(connection);
  const followDeadline = prepareFollowDeadline(connection);
  const scheduleLeaseCheck = prepareScheduleLeaseCheck(connection);

  return (request, nowMs) => {
    const row = getSession(request, nowMs);
    const record = sessionRecord(row, nowMs);
    const refusal = refuseUpdateSession(record, request);
    if (refusal !== undefined) throw refusal;
    const lease = renewedLease(record, request.agent, nowMs);

    const updated: SessionRow = {
      ...activeAt(row, nowMs),
      ...leaseColumns(lease),
      state: request.state ?? row.state,
      title: request.title ?? row.title,
      metadata: request.metadata === undefined ? row.metadata : JSON.stringify(request.metadata),
      ttl_ms: request.ttlMs ?? row.ttl_ms,
      version: row.version + 1,
      updated_at: Math.max(row.updated_at, nowMs),
    };
    saveSession(updated);
    followDeadline(row, lease);
    if (lease !== undefined && row.state !== 'active' && updated.state === 'active') {
      // While the session was closed, nobody looked.
      scheduleLeaseCheck({ namespace: request.namespace, handoffId: lease.handoffId, atMs: lease.expiresAtMs });
    }
    return { session: sessionRecord(updated, nowMs), replayed: false };
  };
}
