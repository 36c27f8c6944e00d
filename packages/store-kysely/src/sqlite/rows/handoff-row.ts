import {
  handoffNotFound,
  type HandoffRecord,
  type HandoffRef,
  type JsonObject,
  type TookOverRecord,
} from '@org/domain';
import type { Selectable } from 'kysely';
import type { Placeholders } from '../../prepared-query.js';
import type { HandoffsTable } from '../schema/tables.js';
import type { Connection } from '../connection/connection.js';
import { preparedOnce } from '../connection/prepared-once.js';
import { db } from '../connection/query-builder.js';
import type { SessionRow } from './session-row.js';

export type HandoffRow = Selectable<HandoffsTable>;

/** @param session the session of the handoff. Its lease is part of the record if this handoff gave it */
export function handoffRecord(
  row: Omit<HandoffRow, 'id'>,
  session: Pick<SessionRow, 'lease_handoff_id' | 'lease_expires_at'>,
  observedAtMs: number,
): HandoffRecord {
  return {
    handoffId: row.handoff_id,
    namespace: row.namespace,
    sessionKey: row.session_key,
    project: row.project ?? undefined,
    requestType: row.request_type,
    status: row.status,
    requestingAgent: row.requesting_agent,
    targetAgent: row.target_agent ?? undefined,
    acceptedBy: row.accepted_by ?? undefined,
    claimant: row.claimant ?? undefined,
    grantedEpoch: row.granted_epoch ?? undefined,
    tookOver: tookOverOf(row),
    leaseExpiresAtMs: (session.lease_handoff_id === row.handoff_id ? session.lease_expires_at : null) ?? undefined,
    uptoSequence: row.upto_sequence,
    summary: row.summary ?? undefined,
    instructions: row.instructions ?? undefined,
    requestData: parseObject(row.request_data),
    createdAtMs: row.created_at,
    expiresAtMs: row.expires_at,
    resolvedAtMs: row.resolved_at ?? undefined,
    reason: row.reason ?? undefined,
    result: parseObject(row.result),
    observedAtMs,
  };
}

function tookOverOf(row: Omit<HandoffRow, 'id'>): TookOverRecord | undefined {
  // A request is addressed to the owner, and any move of ownership cancels it: its target is the former owner.
  const { target_agent: from, found_wrote_at: wroteAt, found_last_sequence: lastSequence } = row;
  if (row.request_type !== 'take_over' || row.accepted_by === null || from === null) return undefined;
  return { from, lastSequence: lastSequence ?? undefined, lastWroteAtMs: wroteAt ?? undefined };
}

/** Gets the row of a handoff. Throws HANDOFF_NOT_FOUND. */
export const prepareGetHandoff: (connection: Connection) => (ref: HandoffRef) => HandoffRow = preparedOnce(
  (connection) => {
    const find = connection.prepare((p: Placeholders<HandoffRef>) =>
      db.selectFrom('handoffs').selectAll().where('namespace', '=', p.namespace).where('handoff_id', '=', p.handoffId),
    );
    return (ref) => {
      const row = find.get(ref);
      if (row === undefined) throw handoffNotFound(ref.handoffId);
      return row;
    };
  },
);

/** Writes all columns of a handoff that can change. */
export const prepareSaveHandoff: (connection: Connection) => (row: HandoffRow) => void = preparedOnce((connection) => {
  return connection.prepare((p: Placeholders<HandoffRow>) =>
    db
      .updateTable('handoffs')
      .set({
        status: p.status,
        accepted_by: p.accepted_by,
        claimant: p.claimant,
        granted_epoch: p.granted_epoch,
        lease_check_at: p.lease_check_at,
        upto_sequence: p.upto_sequence,
        found_wrote_at: p.found_wrote_at,
        found_last_sequence: p.found_last_sequence,
        resolved_at: p.resolved_at,
        reason: p.reason,
        result: p.result,
      })
      .where('id', '=', p.id),
  ).run;
});

/** Sets when to check whether the lease that a handoff gave has lapsed. Null means never. */
export const prepareScheduleLeaseCheck: (
  connection: Connection,
) => (check: HandoffRef & { readonly atMs: number | null }) => void = preparedOnce((connection) => {
  return connection.prepare((p: Placeholders<HandoffRef & { atMs: number | null }>) =>
    db
      .updateTable('handoffs')
      .set({ lease_check_at: p.atMs })
      .where('namespace', '=', p.namespace)
      .where('handoff_id', '=', p.handoffId),
  ).run;
});

function parseObject(text: string | null): JsonObject | undefined {
  return text === null ? undefined : (JSON.parse(text) as JsonObject);
}
