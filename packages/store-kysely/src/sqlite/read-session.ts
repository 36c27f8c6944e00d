import type { SessionRecord, SessionRef } from '@org/domain';
import type { Connection } from './connection.js';
import { prepareGetSession } from './get-session.js';
import type { Operation } from './operation.js';
import { sessionRecord } from './session-row.js';

export function prepareReadSession(connection: Connection): Operation<SessionRef, SessionRecord> {
  const getSession = prepareGetSession(connection);
  return (request, nowMs) => sessionRecord(getSession(request, nowMs), nowMs);
}
