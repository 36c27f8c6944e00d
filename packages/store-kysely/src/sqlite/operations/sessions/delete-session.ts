import type { SessionRef } from '@org/domain';
import { sql } from 'kysely';
import type { Placeholders } from '../../../prepared-query.js';
import type { Connection } from '../../connection/connection.js';
import { prepareGetStoredSession } from '../../rows/get-session.js';
import type { Operation } from '../operation.js';
import { db } from '../../connection/query-builder.js';

export function prepareDeleteSession(connection: Connection): Operation<SessionRef, void> {
  const getSession = prepareGetStoredSession(connection);
  const deleteAnswers = prepareDeleteAnswers(connection);
  const deleteOfSession = (['handoffs', 'read_marks', 'context_history'] as const).map((table) =>
    connection.prepare((p: Placeholders<{ sessionRowId: number }>) =>
      db.deleteFrom(table).where('session_id', '=', p.sessionRowId),
    ),
  );
  const deleteRow = connection.prepare((p: Placeholders<{ sessionRowId: number }>) =>
    db.deleteFrom('sessions').where('id', '=', p.sessionRowId),
  );

  return (ref) => {
    const { id: sessionRowId } = getSession(ref);
    deleteAnswers(ref);
    for (const statement of deleteOfSession) statement.run({ sessionRowId });
    deleteRow.run({ sessionRowId });
  };
}

/** Deletes the recorded answers that hold the session or one of its handoffs. */
function prepareDeleteAnswers(connection: Connection): (ref: SessionRef) => void {
  return connection.prepare((p: Placeholders<SessionRef>) =>
    db
      .deleteFrom('idempotency_keys')
      .where('namespace', '=', p.namespace)
      // SQLite uses the index only if the expression is the same, word for word.
      .where(
        sql`coalesce(response ->> '$.session.sessionKey', response ->> '$.handoff.sessionKey')`,
        '=',
        p.sessionKey,
      ),
  ).run;
}
