import type { Database } from './database.js';
import type { Operation } from './operation.js';
import { db } from './query-builder.js';

/** Reads a table of ours: a database that is reached, but holds no schema, can serve nothing. */
export function preparePing(database: Database): Operation<void, void> {
  const read = database.prepareRead('ping', () => db.selectFrom('schema_migrations').select('version').limit(1));
  return async () => {
    await read({});
  };
}
