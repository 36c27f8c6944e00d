import { sessionNotFound } from '@org/domain';

/**
 * Returns the session of a statement that reads a session with some of its entries. It stands in the first row alone,
 * because its metadata may be large. If there are no entries, there is one row without one.
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
