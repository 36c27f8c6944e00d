import { sessionNotFound, type SessionRef } from '@org/domain';
import { sql } from 'kysely';
import type { Placeholders } from '../../../prepared-query.js';
import { sessionByKey } from '../../rows/session-row.js';
import { commitDurably } from '../../statements/commit-durably.js';
import type { Database } from '../../statements/database.js';
import type { Operation } from '../operation.js';
import { statement } from '../../statements/query-builder.js';
import { retryOnConflict } from '../../mutation/retry-on-conflict.js';

export function prepareDeleteSession(database: Database): Operation<SessionRef, void> {
  const find = database.prepareRead('find_session', (p: Placeholders<SessionRef>) =>
    sessionByKey(p).select(['id', 'last_sequence']),
  );
  const write = prepareWrite(database);

  return async ({ namespace, sessionKey }) => {
    await retryOnConflict(async () => {
      const [found] = await find({ namespace, sessionKey });
      if (found === undefined) throw sessionNotFound(sessionKey);
      const [deleted] = await write({ sessionRowId: found.id, lastSequence: found.last_sequence });
      return deleted;
    });
  };
}

/**
 * Deletes the session only if nothing was appended since it was found. The statement would not see entries that were
 * appended while it waited for the lock, and would leave them behind. Foreign keys delete all other rows.
 */
function prepareWrite(
  database: Database,
): (session: { sessionRowId: number; lastSequence: number }) => Promise<unknown[]> {
  return database.prepareWrite('delete_session', (p) =>
    statement(sql`
      with locked as materialized (
        select id, last_sequence from sessions where id = ${p.sessionRowId} for update
      ), session as materialized (
        select id from locked where last_sequence = ${p.lastSequence}
      ), forgotten as (
        delete from context_history using session where context_history.session_id = session.id
      )
      delete from sessions using session where sessions.id = session.id
      returning sessions.id, ${commitDurably} as durability`),
  );
}
