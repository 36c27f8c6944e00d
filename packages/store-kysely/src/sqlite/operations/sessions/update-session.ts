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
import { prepareMutation } from '../../mutation/prepare-mutation.js';
import type { Operation } from '../operation.js';
import { prepareMoveOffers } from './move-offers.js';
import {
  activeAt,
  leaseColumns,
  prepareSaveSession,
  sessionRecord,
  writtenAt,
  type SessionRow,
} from '../../rows/session-row.js';

export function prepareUpdateSession(
  connection: Connection,
): Operation<UpdateSession, Replayable<{ session: SessionRecord }>> {
  const getSession = prepareGetSession(connection);
  const saveSession = prepareSaveSession(connection);
  const followDeadline = prepareFollowDeadline(connection);
  const scheduleLeaseCheck = prepareScheduleLeaseCheck(connection);
  const moveOffers = prepareMoveOffers(connection);

  return prepareMutation(connection, {
    keyScope: ({ sessionKey }) => sessionKey,
    settle: (request, nowMs) => ({ session: getSession(request, nowMs) }),
    refuse: (request, { record }) => refuseUpdateSession(record, request),
    write: (request, { session, record }, nowMs) => {
      const lease = renewedLease(record, request.agent, nowMs);
      const updated: SessionRow = {
        ...writtenAt(activeAt(session, nowMs), request.agent, nowMs),
        ...leaseColumns(lease),
        state: request.state ?? session.state,
        title: request.title ?? session.title,
        project: request.project === undefined ? session.project : request.project,
        metadata: request.metadata === undefined ? session.metadata : JSON.stringify(request.metadata),
        ttl_ms: request.ttlMs ?? session.ttl_ms,
        version: session.version + 1,
        updated_at: Math.max(session.updated_at, nowMs),
      };
      saveSession(updated);
      followDeadline(session, lease);
      if (updated.project !== session.project) moveOffers(updated, nowMs);
      if (lease !== undefined && session.state !== 'active' && updated.state === 'active') {
        // A closed session's lease is not checked, so its next check has to be scheduled again.
        scheduleLeaseCheck({ namespace: request.namespace, handoffId: lease.handoffId, atMs: lease.expiresAtMs });
      }
      return { session: sessionRecord(updated, nowMs) };
    },
  });
}
