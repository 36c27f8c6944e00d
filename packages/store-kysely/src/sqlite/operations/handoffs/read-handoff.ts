import { handoffNotFound, settledHandoff, type HandoffRecord, type HandoffRef } from '@org/domain';
import type { Placeholders } from '../../../prepared-query.js';
import type { NoticeUnsettled } from '../../../settler.js';
import type { Connection } from '../../connection/connection.js';
import { handoffRecord, type HandoffRow } from '../../rows/handoff-row.js';
import type { Operation } from '../operation.js';
import { db } from '../../connection/query-builder.js';
import { isLapsed, leasedSession, leasedSessionColumns, type LeasedSessionRow } from '../../rows/session-row.js';

/** A handoff, and what shows whether the lease of its session lapsed. */
export type LeasedHandoffRow = HandoffRow & LeasedSessionRow;

/** Handoffs with what shows whether the leases of their sessions lapsed. A condition must choose one by a key. */
export const leasedHandoffs = db
  .selectFrom('handoffs')
  .innerJoin('sessions', 'sessions.id', 'handoffs.session_id')
  .selectAll('handoffs')
  .select(leasedSessionColumns.map((column) => `sessions.${column}` as const));

/** Returns a handoff as the clock has it, even if a lapse is not stored yet. */
export const observedHandoff = (row: LeasedHandoffRow, nowMs: number): HandoffRecord =>
  settledHandoff(handoffRecord(row, row, nowMs), leasedSession(row, nowMs));

export function prepareReadHandoff(
  connection: Connection,
  notice: NoticeUnsettled,
): Operation<HandoffRef, HandoffRecord> {
  const { get } = connection.prepare((p: Placeholders<HandoffRef>) =>
    leasedHandoffs.where('handoffs.namespace', '=', p.namespace).where('handoffs.handoff_id', '=', p.handoffId),
  );
  return ({ namespace, handoffId }, nowMs) => {
    const row = get({ namespace, handoffId });
    if (row === undefined) throw handoffNotFound(handoffId);
    if (isLapsed(row, nowMs)) notice({ namespace });
    return observedHandoff(row, nowMs);
  };
}
