import {
  isGivenBack,
  leavingAgent,
  moveOwnership,
  refuseResolve,
  removeParticipant,
  type HandoffRecord,
  type Replayable,
  type ResolveHandoff,
  type TakeOverRequest,
} from '@org/domain';
import { sql } from 'kysely';
import type { Placeholders } from '../../../prepared-query.js';
import { db } from '../../connection/query-builder.js';
import type { Connection } from '../../connection/connection.js';
import { prepareGetSituation } from '../../mutation/get-situation.js';
import { handoffRecord, prepareSaveHandoff, type HandoffRow } from '../../rows/handoff-row.js';
import { prepareMoveOwnership } from '../../leases/move-ownership.js';
import { prepareMutation } from '../../mutation/prepare-mutation.js';
import type { Operation } from '../operation.js';
import {
  activeAt,
  leaseColumns,
  prepareSaveSession,
  sessionRecord,
  takeOverColumns,
  withParticipants,
  writtenAt,
  type SessionRow,
} from '../../rows/session-row.js';

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
    write: (request, { handoff, session: before }, nowMs) => {
      const session = writtenAt(before, request.agent, nowMs);
      const resolved: HandoffRow = {
        ...handoff,
        status: request.outcome,
        lease_check_at: null,
        resolved_at: nowMs,
        reason: request.reason ?? null,
        result: request.result === undefined ? null : JSON.stringify(request.result),
      };
      saveHandoff(resolved);
      return { handoff: handoffRecord(resolved, finish(resolved, session, request, nowMs), nowMs) };
    },
  });
}

/** Changes the session according to the outcome of its handoff, and returns its row. */
function prepareFinish(
  connection: Connection,
): (handoff: HandoffRow, session: SessionRow, request: ResolveHandoff, nowMs: number) => SessionRow {
  const move = prepareMoveOwnership(connection);
  const saveSession = prepareSaveSession(connection);
  const findTakeOver = prepareFindTakeOver(connection);

  return (handoff, session, request, nowMs) => {
    const ended = { requestType: handoff.request_type, acceptedBy: handoff.accepted_by ?? undefined };
    if (isGivenBack(ended, request.outcome)) {
      const ownership = moveOwnership(sessionRecord(session, nowMs), handoff.requesting_agent);
      return move(activeAt(session, nowMs), ownership, nowMs);
    }
    const change = removeParticipant(sessionRecord(session, nowMs), leavingAgent(ended, request.outcome));
    const kept: SessionRow = {
      ...withParticipants(session, change, nowMs),
      ...(session.lease_handoff_id === handoff.handoff_id && leaseColumns(undefined)),
      ...(session.take_over_handoff_id === handoff.handoff_id && takeOverColumns(findTakeOver(session.id, nowMs))),
    };
    saveSession(kept);
    return kept;
  };
}

/** Finds the pending request to take a session over that lapses last. */
function prepareFindTakeOver(
  connection: Connection,
): (sessionRowId: number, nowMs: number) => TakeOverRequest | undefined {
  const find = connection.prepare((p: Placeholders<{ sessionRowId: number; nowMs: number }>) =>
    db
      .selectFrom('handoffs')
      .select(['handoff_id', 'requesting_agent', 'created_at', 'expires_at'])
      .where('session_id', '=', p.sessionRowId)
      .where('status', '=', sql.lit('pending'))
      .where('request_type', '=', sql.lit('take_over'))
      .where('expires_at', '>', p.nowMs)
      .orderBy('expires_at', 'desc')
      .orderBy('id', 'desc')
      .limit(sql.lit(1)),
  ).get;
  return (sessionRowId, nowMs) => {
    const row = find({ sessionRowId, nowMs });
    return (
      row && {
        handoffId: row.handoff_id,
        requestedBy: row.requesting_agent,
        requestedAtMs: row.created_at,
        expiresAtMs: row.expires_at,
      }
    );
  };
}
