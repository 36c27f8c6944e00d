import { isLeaseLapsed, settledSession, type SessionRecord } from '@org/domain';
import type { NoticeUnsettled } from '../../settler.js';
import { sessionRecord, type SessionRow } from './session-row.js';

/** Makes the record that a read returns: the session as the clock has it, even if its lapse is not stored yet. */
export const observingSessions =
  (notice: NoticeUnsettled) =>
  (row: SessionRow, observedAtMs: number): SessionRecord => {
    const stored = sessionRecord(row, observedAtMs);
    if (isLeaseLapsed(stored)) notice({ namespace: row.namespace });
    return settledSession(stored);
  };
