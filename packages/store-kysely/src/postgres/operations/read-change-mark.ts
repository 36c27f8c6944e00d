import { sql } from 'kysely';
import type { Database } from '../statements/database.js';
import type { Operation } from './operation.js';
import { statement } from '../statements/query-builder.js';

/**
 * Which transactions are over. That changes with every transaction that writes, in whatever database of the server, and
 * with nothing else. It is read from shared memory: no table is touched, however much there is in them.
 */
export function prepareReadChangeMark(database: Database): Operation<void, string> {
  const read = database.prepareRead('read_change_mark', () =>
    statement<{ mark: string }>(sql`select pg_current_snapshot()::text as mark`),
  );
  return async () => {
    const [row] = await read({});
    return row?.mark ?? '';
  };
}
