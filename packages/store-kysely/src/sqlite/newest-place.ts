import { sql } from 'kysely';
import type { Connection } from './connection.js';
import { preparedOnce } from './prepared-once.js';
import { db } from './query-builder.js';

/** Where SQLite keeps the greatest id that it ever gave in each table that never gives one twice. */
export type SequenceTable = { readonly sqlite_sequence: { readonly name: string; readonly seq: number } };

/** The newest place that a handoff ever had in the lists: whatever comes later is behind it. */
export const prepareNewestPlace: (connection: Connection) => () => number = preparedOnce((connection) => {
  const read = connection.prepare(() =>
    db
      .$extendTables<SequenceTable>()
      .selectFrom('sqlite_sequence')
      .select('seq')
      .where('name', '=', sql.lit('handoffs')),
  );
  return () => read.get({})?.seq ?? 0;
});
