import type { Connection } from './connection.js';

/**
 * Lets the operations of a connection share statements. Building a statement takes longer than running it, and is most
 * of the work of a process that starts.
 *
 * @param prepare is called once for each connection, when the result is first needed
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
