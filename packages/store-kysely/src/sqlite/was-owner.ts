import { sql } from 'kysely';
import type { Placeholders } from '../prepared-query.js';
import type { Connection } from './connection.js';
import { db } from './query-builder.js';

/** Whether an agent gave away, or was given, the ownership of a session by any handoff. Asked only to explain a refusal. */
export function prepareWasOwner(connection: Connection): (sessionId: number, agent: string) => boolean {
  const find = connection.prepare((p: Placeholders<{ sessionId: number; agent: string }>) =>
    db
      .selectFrom('handoffs')
      .select('id')
      .where('session_id', '=', p.sessionId)
      .where('accepted_by', 'is not', null)
      .where('request_type', '=', sql.lit('full_handoff'))
      .where((eb) => eb.or([eb('requesting_agent', '=', p.agent), eb('accepted_by', '=', p.agent)]))
      .limit(sql.lit(1)),
  );
  return (sessionId, agent) => find.get({ sessionId, agent }) !== undefined;
}
