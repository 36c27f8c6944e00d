import {
  refuseCreateHandoff,
  renewedLease,
  shownTakeOver,
  type CreateHandoff,
  type HandoffRecord,
  type Replayable,
  type TakeOverRequest,
} from '@org/domain';
import { sql } from 'kysely';
import type { Placeholders } from '../../../prepared-query.js';
import type { Connection } from '../../connection/connection.js';
import { prepareFollowDeadline } from '../../leases/follow-deadline.js';
import { prepareGetSession } from '../../rows/get-session.js';
import { handoffRecord, type HandoffRow } from '../../rows/handoff-row.js';
import { prepareMutation } from '../../mutation/prepare-mutation.js';
import type { Operation } from '../operation.js';
import { db } from '../../connection/query-builder.js';
import {
  activeAt,
  leaseColumns,
  prepareSaveSession,
  takeOverColumns,
  writtenAt,
  type SessionRow,
} from '../../rows/session-row.js';

export function prepareCreateHandoff(
  connection: Connection,
): Operation<CreateHandoff, Replayable<{ handoff: HandoffRecord }>> {
  const getSession = prepareGetSession(connection);
  const saveSession = prepareSaveSession(connection);
  const insertHandoff = prepareInsertHandoff(connection);
  const hasAccepted = prepareHasAccepted(connection);
  const followDeadline = prepareFollowDeadline(connection);

  return prepareMutation(connection, {
    keyScope: ({ sessionKey }) => sessionKey,
    settle: (request, nowMs) => ({ session: getSession(request, nowMs) }),
    refuse: (request, { session, record }) =>
      refuseCreateHandoff(record, request, () => hasAccepted({ sessionRowId: session.id, agent: request.agent })),
    write: (request, { session, record }, nowMs) => {
      const handoff = newHandoff(session, request, nowMs);
      if (request.requestType === 'take_over') {
        saveSession({ ...session, ...takeOverColumns(shownTakeOver(record.takeOver, requestOf(handoff))) });
      } else {
        const lease = renewedLease(record, request.agent, nowMs);
        saveSession({ ...writtenAt(activeAt(session, nowMs), request.agent, nowMs), ...leaseColumns(lease) });
        followDeadline(session, lease);
      }
      insertHandoff(handoff);
      return { handoff: handoffRecord(handoff, session, nowMs) };
    },
  });
}

type NewHandoffRow = Omit<HandoffRow, 'id'>;

const newHandoff = (session: SessionRow, request: CreateHandoff, nowMs: number): NewHandoffRow => ({
  handoff_id: request.handoffId,
  namespace: request.namespace,
  session_id: session.id,
  session_key: session.session_key,
  request_type: request.requestType,
  status: 'pending',
  requesting_agent: request.agent,
  target_agent: request.requestType === 'take_over' ? session.owner : (request.targetAgent ?? null),
  accepted_by: null,
  upto_sequence: session.last_sequence,
  created_at: nowMs,
  expires_at: nowMs + request.expiresInMs,
  resolved_at: null,
  reason: null,
  summary: request.summary ?? null,
  instructions: request.instructions ?? null,
  request_data: request.requestData === undefined ? null : JSON.stringify(request.requestData),
  result: null,
  claimant: null,
  granted_epoch: null,
  lease_check_at: null,
  project: session.project,
  found_wrote_at: null,
  found_last_sequence: null,
});

/** Returns a request to take a session over as its session keeps it. */
const requestOf = (handoff: NewHandoffRow): TakeOverRequest => ({
  handoffId: handoff.handoff_id,
  requestedBy: handoff.requesting_agent,
  requestedAtMs: handoff.created_at,
  expiresAtMs: handoff.expires_at,
});

/** Whether an agent accepted one of a session's handoffs. */
function prepareHasAccepted(connection: Connection): (asked: { sessionRowId: number; agent: string }) => boolean {
  const find = connection.prepare((p: Placeholders<{ sessionRowId: number; agent: string }>) =>
    db
      .selectFrom('handoffs')
      .select('id')
      .where('session_id', '=', p.sessionRowId)
      .where('accepted_by', '=', p.agent)
      .limit(sql.lit(1)),
  ).get;
  return (asked) => find(asked) !== undefined;
}

function prepareInsertHandoff(connection: Connection): (row: NewHandoffRow) => void {
  return connection.prepare((p: Placeholders<NewHandoffRow>) =>
    db.insertInto('handoffs').values({
      handoff_id: p.handoff_id,
      namespace: p.namespace,
      session_id: p.session_id,
      session_key: p.session_key,
      request_type: p.request_type,
      status: p.status,
      requesting_agent: p.requesting_agent,
      target_agent: p.target_agent,
      accepted_by: p.accepted_by,
      upto_sequence: p.upto_sequence,
      created_at: p.created_at,
      expires_at: p.expires_at,
      resolved_at: p.resolved_at,
      reason: p.reason,
      summary: p.summary,
      instructions: p.instructions,
      request_data: p.request_data,
      result: p.result,
      project: p.project,
    }),
  ).run;
}
