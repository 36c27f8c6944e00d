import { sessionNotFound, type SessionRecord, type SessionRef } from '@org/domain';
import { sql } from 'kysely';
import { clock, epochMs } from './clock.js';
import type { Database } from './database.js';
import type { Operation } from './operation.js';
import { statement } from './query-builder.js';
import { sessionColumns, sessionRecord, type SessionRow } from './session-row.js';
import { prepareSettleLease } from './settle-lease.js';
import { untilAnswered } from './until-answered.js';

export function prepareReadSession(database: Database): Operation<SessionRef, SessionRecord> {
  const read = database.prepareRead<SessionRef, SessionRow & { observed_at: number }>('read_session', (p) =>
    statement(sql`
      select ${sessionColumns}, ${epochMs(clock(p))} as observed_at
      from sessions where namespace = ${p.namespace} and session_key = ${p.sessionKey}`),
  );
  const settle = prepareSettleLease(database);
  return ({ namespace, sessionKey }) =>
    untilAnswered(async () => {
      const [row] = await read({ namespace, sessionKey });
      if (row === undefined) throw sessionNotFound(sessionKey);
      if (await settle(row, row.observed_at)) return undefined;
      return sessionRecord(row, row.observed_at);
    });
}
