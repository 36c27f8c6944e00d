import { handoffNotFound, isLeaseLapsed, settledHandoff, type HandoffRecord, type HandoffRef } from '@org/domain';
import type { InferResult } from 'kysely';
import type { NoticeUnsettled } from '../../../settler.js';
import { handoffColumns, handoffRecord } from '../../rows/handoff-row.js';
import { leasedSession, leasedSessionColumns } from '../../rows/session-row.js';
import { observedAt, type Clocked } from '../../statements/clock.js';
import type { Database } from '../../statements/database.js';
import { db } from '../../statements/query-builder.js';
import type { Operation } from '../operation.js';

/** Handoffs, and what shows whether the leases of their sessions lapsed. A condition must choose some. */
export const leasedHandoffs = db
  .selectFrom('handoffs')
  .innerJoin('sessions', 'sessions.id', 'handoffs.session_id')
  .select(handoffColumns)
  .select(leasedSessionColumns);

export type LeasedHandoffRow = InferResult<typeof leasedHandoffs>[number];

/** Returns a handoff as the clock has it, even if a lapse is not stored yet. */
export const observedHandoff = (row: LeasedHandoffRow, observedAtMs: number): HandoffRecord =>
  settledHandoff(handoffRecord(row, observedAtMs, row), leasedSession(row, observedAtMs));

export function prepareReadHandoff(database: Database, notice: NoticeUnsettled): Operation<HandoffRef, HandoffRecord> {
  const read = database.prepareRead('read_handoff', (p: Clocked<HandoffRef>) =>
    leasedHandoffs
      .select(observedAt(p))
      .where('handoffs.namespace', '=', p.namespace)
      .where('handoffs.handoff_id', '=', p.handoffId),
  );
  return async ({ namespace, handoffId }) => {
    const [row] = await read({ namespace, handoffId });
    if (row === undefined) throw handoffNotFound(handoffId);
    if (isLeaseLapsed(leasedSession(row, row.observed_at))) notice({ namespace });
    return observedHandoff(row, row.observed_at);
  };
}
