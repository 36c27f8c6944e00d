import type { Connection } from './connection.js';

/**
 * Lets the operations of a connection share statements: building one takes longer than any run of it, and a process that
 * serves one client has little else to do when it starts.
 *
 * @param prepare what the first to ask for it on a connection pays for
 */
export function preparedOnce<Prepared>(
  prepare: (connection: Connection) => Prepared,
): (connection: Connection) => Prepared {
  const prepared = new WeakMap<Connection, Prepared>();
  return (connection) => {
    const known = prepared.get(connection);
    if (known !== undefined) return known;
    const made = prepare(connection);
    prepared.set(connection, made);
    return made;
  };
}
