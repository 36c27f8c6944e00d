import type { SessionRecord, SessionRef } from '@org/domain';
import type { NoticeUnsettled } from '../settler.js';
import type { Connection } from './connection.js';
import { prepareGetStoredSession } from './get-session.js';
import { observingSessions } from './observe-session.js';
import type { Operation } from './operation.js';

export function prepareReadSession(
  connection: Connection,
  notice: NoticeUnsettled,
): Operation<SessionRef, SessionRecord> {
  const getSession = prepareGetStoredSession(connection);
  const observe = observingSessions(notice);
  return (request, nowMs) => observe(getSession(request), nowMs);
}
