import { isLeaseLapsed, settledSession, type SessionRecord } from '@org/domain';
import type { NoticeUnsettled } from '../../settler.js';
import { sessionRecord, type SessionRow } from './session-row.js';

/** Makes the record that a read answers with: the session as the clock has it, whatever is stored. */
export const observingSessions =
  (notice: NoticeUnsettled) =>
  (row: SessionRow, observedAtMs: number): SessionRecord => {
    const stored = sessionRecord(row, observedAtMs);
    if (isLeaseLapsed(stored)) notice({ namespace: row.namespace });
    return settledSession(stored);
  };
