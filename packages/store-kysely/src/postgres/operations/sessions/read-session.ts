import { sessionNotFound, type SessionRecord, type SessionRef } from '@org/domain';
import { sql } from 'kysely';
import type { NoticeUnsettled } from '../../../settler.js';
import { clock, epochMs } from '../../statements/clock.js';
import type { Database } from '../../statements/database.js';
import { observingSessions } from '../../rows/observe-session.js';
import type { Operation } from '../operation.js';
import { statement } from '../../statements/query-builder.js';
import { sessionColumns, type SessionRow } from '../../rows/session-row.js';

export function prepareReadSession(database: Database, notice: NoticeUnsettled): Operation<SessionRef, SessionRecord> {
  const read = database.prepareRead<SessionRef, SessionRow & { observed_at: number }>('read_session', (p) =>
    statement(sql`
      select ${sessionColumns}, ${epochMs(clock(p))} as observed_at
      from sessions where namespace = ${p.namespace} and session_key = ${p.sessionKey}`),
  );
  const observe = observingSessions(notice);
  return async ({ namespace, sessionKey }) => {
    const [row] = await read({ namespace, sessionKey });
    if (row === undefined) throw sessionNotFound(sessionKey);
    return observe(row, row.observed_at);
  };
}
