import { sql } from 'kysely';
import type { Connection } from '../connection/connection.js';
import { preparedOnce } from '../connection/prepared-once.js';
import { db } from '../connection/query-builder.js';

/** Where SQLite keeps the greatest id that it ever gave in each table that never gives one twice. */
type SequenceTable = { readonly sqlite_sequence: { readonly name: string; readonly seq: number } };

/** Gets the greatest place in the lists that a handoff ever had; 0: there never was a handoff. */
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
 * Takes the next place. An update would give a row a greater id than SQLite remembers to have given, which it could then
 * give once more.
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
