import { sessionNotFound } from '@org/domain';
import { sql, type AliasedRawBuilder, type Expression } from 'kysely';

/** Selects a session as JSON. It has a row without an entry, before those of the entries, because its metadata may be large. */
export const inFirstRow = <Session>(json: Expression<Session>): AliasedRawBuilder<Session | null, 'session'> =>
  sql<Session | null>`${json}`.as('session');

/** Selects what the rows of entries hold in place of the session. */
export const notInFirstRow = sql<null>`null::json`.as('session');

/**
 * Returns the session of a statement that reads a session with some of its entries.
 *
 * @throws SESSION_NOT_FOUND if there is no row
 */
export function foundSession<Session>(
  rows: readonly { readonly session: Session | null }[],
  sessionKey: string,
): Session {
  const session = rows.find((row) => row.session !== null)?.session ?? undefined;
  if (session === undefined) throw sessionNotFound(sessionKey);
  return session;
}
