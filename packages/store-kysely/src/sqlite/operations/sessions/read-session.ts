import type { SessionRecord, SessionRef } from '@org/domain';
import type { NoticeUnsettled } from '../../../settler.js';
import type { Connection } from '../../connection/connection.js';
import { prepareGetStoredSession } from '../../rows/get-session.js';
import { observingSessions } from '../../rows/observe-session.js';
import type { Operation } from '../operation.js';

export function prepareReadSession(
  connection: Connection,
  notice: NoticeUnsettled,
): Operation<SessionRef, SessionRecord> {
  const getSession = prepareGetStoredSession(connection);
  const observe = observingSessions(notice);
  return (request, nowMs) => observe(getSession(request), nowMs);
}
