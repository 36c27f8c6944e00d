import { sql } from 'kysely';
import type { Database } from '../statements/database.js';
import type { Operation } from './operation.js';
import { statement } from '../statements/query-builder.js';

/**
 * Reads a table of ours: a database that is reached, but holds no schema, can serve nothing. It also asks for a lock on no
 * row, which a server that takes no writes refuses.
 */
export function preparePing(database: Database): Operation<void, void> {
  const read = database.prepareRead('ping', () =>
    statement(sql`
      select version from schema_migrations
      where not exists (select from sessions where false for update) limit 1`),
  );
  return async () => {
    await read({});
  };
}
