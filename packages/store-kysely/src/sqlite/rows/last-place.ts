import { sql } from 'kysely';
import type { Connection } from '../connection/connection.js';
import { preparedOnce } from '../connection/prepared-once.js';
import { db } from '../connection/query-builder.js';

/** SQLite's table of the greatest id that it has given in each table with AUTOINCREMENT. */
type SequenceTable = { readonly sqlite_sequence: { readonly name: string; readonly seq: number } };

/** Gets the greatest place in the lists that a handoff has ever had. Returns 0 if there has been no handoff. */
export const prepareGetLastPlace: (connection: Connection) => () => number = preparedOnce((connection) => {
  const get = connection.prepare(() =>
    db
      .$extendTables<SequenceTable>()
      .selectFrom('sqlite_sequence')
      .select('seq')
      .where('name', '=', sql.lit('handoffs')),
  ).get;
  return () => get({})?.seq ?? 0;
});

/**
 * Takes the next place, and records it in SQLite's table. SQLite does not record an id that an update sets, so it could
 * give that id a second time.
 */
export const prepareTakePlace: (connection: Connection) => () => number = preparedOnce((connection) => {
  const take = connection.prepare(() =>
    db
      .$extendTables<SequenceTable>()
      .updateTable('sqlite_sequence')
      .set((eb) => ({ seq: eb('seq', '+', 1) }))
      .where('name', '=', sql.lit('handoffs'))
      .returning('seq'),
  );
  return () => {
    const taken = take.get({});
    if (taken === undefined) throw new Error('SQLite counts no handoffs, although there is one');
    return taken.seq;
  };
});
