import { sessionNotFound, type SessionRecord, type SessionRef } from '@org/domain';
import type { NoticeUnsettled } from '../../../settler.js';
import { observingSessions } from '../../rows/observe-session.js';
import { selectSession } from '../../rows/session-row.js';
import type { Database } from '../../statements/database.js';
import type { Operation } from '../operation.js';

export function prepareReadSession(database: Database, notice: NoticeUnsettled): Operation<SessionRef, SessionRecord> {
  const read = database.prepareRead('read_session', selectSession);
  const observe = observingSessions(notice);
  return async ({ namespace, sessionKey }) => {
    const [row] = await read({ namespace, sessionKey });
    if (row === undefined) throw sessionNotFound(sessionKey);
    return observe(row, row.observed_at);
  };
}
