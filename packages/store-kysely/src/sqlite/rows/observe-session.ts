import { settledSession, type SessionRecord } from '@org/domain';
import type { NoticeUnsettled } from '../../settler.js';
import { isLapsed, sessionRecord, type SessionRow } from './session-row.js';

/** Makes the record that a read returns: the session as the clock has it, even if its lapse is not stored yet. */
export const observingSessions =
  (notice: NoticeUnsettled) =>
  (row: SessionRow, nowMs: number): SessionRecord => {
    if (isLapsed(row, nowMs)) notice({ namespace: row.namespace });
    return settledSession(sessionRecord(row, nowMs));
  };
