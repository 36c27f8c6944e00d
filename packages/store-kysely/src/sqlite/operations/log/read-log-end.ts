import type { LogEnd, SessionRef } from '@org/domain';
import type { NoticeUnsettled } from '../../../settler.js';
import type { Connection } from '../../connection/connection.js';
import { prepareGetStoredSession } from '../../rows/get-session.js';
import { observingSessions } from '../../rows/observe-session.js';
import type { Operation } from '../operation.js';
import { prepareFindAppended } from './read-tail.js';

export function prepareReadLogEnd(connection: Connection, notice: NoticeUnsettled): Operation<SessionRef, LogEnd> {
  const getSession = prepareGetStoredSession(connection);
  const observe = observingSessions(notice);
  const findAppended = prepareFindAppended(connection);
  return (request, nowMs) => {
    const session = getSession(request);
    return {
      session: observe(session, nowMs),
      lastAppend: findAppended({ sessionRowId: session.id, sequence: session.last_sequence }),
    };
  };
}
