import { handoffNotFound, isLeaseLapsed, settledHandoff, type HandoffRecord, type HandoffRef } from '@org/domain';
import { sql, type RawBuilder } from 'kysely';
import type { NoticeUnsettled } from '../../../settler.js';
import { clock, epochMs } from '../../statements/clock.js';
import type { Database } from '../../statements/database.js';
import { handoffColumns, handoffRecord, type HandoffRow } from '../../rows/handoff-row.js';
import type { Operation } from '../operation.js';
import { statement } from '../../statements/query-builder.js';
import { leasedSession, leasedSessionColumns, type LeasedSessionRow } from '../../rows/session-row.js';

/** A handoff, and what tells whether the lease of its session lapsed. */
export type LeasedHandoffRow = HandoffRow & LeasedSessionRow;

/** To be continued by a condition. */
export const selectLeasedHandoffs: RawBuilder<LeasedHandoffRow> = sql`
  select ${handoffColumns}, ${leasedSessionColumns}
  from handoffs join sessions on sessions.id = handoffs.session_id`;

/** A handoff as the clock has it, whatever is stored. */
export const observedHandoff = (row: LeasedHandoffRow, observedAtMs: number): HandoffRecord =>
  settledHandoff(handoffRecord(row, observedAtMs, row), leasedSession(row, observedAtMs));

export function prepareReadHandoff(database: Database, notice: NoticeUnsettled): Operation<HandoffRef, HandoffRecord> {
  const read = database.prepareRead<HandoffRef, LeasedHandoffRow & { observed_at: number }>('read_handoff', (p) =>
    statement(sql`
      select found.*, ${epochMs(clock(p))} as observed_at
      from (
        ${selectLeasedHandoffs} where handoffs.namespace = ${p.namespace} and handoff_id = ${p.handoffId}
      ) as found`),
  );
  return async ({ namespace, handoffId }) => {
    const [row] = await read({ namespace, handoffId });
    if (row === undefined) throw handoffNotFound(handoffId);
    if (isLeaseLapsed(leasedSession(row, row.observed_at))) notice({ namespace });
    return observedHandoff(row, row.observed_at);
  };
}
