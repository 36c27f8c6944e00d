import { sql } from 'kysely';
import { onlyRow, type Database } from '../statements/database.js';
import { db } from '../statements/query-builder.js';
import type { Operation } from './operation.js';

/**
 * Reads which transactions are over. That changes with every transaction that writes, in any database of the server, and
 * with nothing else. It is read from shared memory: the statement touches no table.
 */
export function prepareReadChangeMark(database: Database): Operation<void, string> {
  const read = database.prepareRead('read_change_mark', () =>
    db.selectNoFrom(sql<string>`pg_current_snapshot()::text`.as('mark')),
  );
  return async () => onlyRow(await read({})).mark;
}
