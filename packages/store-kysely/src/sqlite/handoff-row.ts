import { handoffNotFound, type HandoffRecord, type JsonObject } from '@org/domain';
import type { Selectable } from 'kysely';
import type { Placeholders } from '../prepared-query.js';
import type { HandoffsTable } from '../schema.js';
import type { Connection } from './connection.js';
import { db } from './query-builder.js';

export type HandoffRow = Selectable<HandoffsTable>;

export function handoffRecord(row: Omit<HandoffRow, 'id'>, observedAtMs: number): HandoffRecord {
  return {
    handoffId: row.handoff_id,
    namespace: row.namespace,
    sessionKey: row.session_key,
    requestType: row.request_type,
    status: row.status,
    requestingAgent: row.requesting_agent,
    targetAgent: row.target_agent ?? undefined,
    acceptedBy: row.accepted_by ?? undefined,
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

/** Gets the row of a handoff. It throws HANDOFF_NOT_FOUND. */
export function prepareGetHandoff(
  connection: Connection,
): (ref: { namespace: string; handoffId: string }) => HandoffRow {
  const find = connection.prepare((p: Placeholders<{ namespace: string; handoffId: string }>) =>
    db.selectFrom('handoffs').selectAll().where('namespace', '=', p.namespace).where('handoff_id', '=', p.handoffId),
  );
  return (ref) => {
    const row = find.get(ref);
    if (row === undefined) throw handoffNotFound(ref.handoffId);
    return row;
  };
}

/** Writes whatever of a handoff can change. */
export function prepareSaveHandoff(connection: Connection): (row: HandoffRow) => void {
  return connection.prepare((p: Placeholders<HandoffRow>) =>
    db
      .updateTable('handoffs')
      .set({
        status: p.status,
        accepted_by: p.accepted_by,
        resolved_at: p.resolved_at,
        reason: p.reason,
        result: p.result,
      })
      .where('id', '=', p.id),
  ).run;
}

function parseObject(text: string | null): JsonObject | undefined {
  return text === null ? undefined : (JSON.parse(text) as JsonObject);
}
