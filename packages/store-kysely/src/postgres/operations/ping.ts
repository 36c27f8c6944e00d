import { sql } from 'kysely';
import type { Database } from '../statements/database.js';
import type { Operation } from './operation.js';
import { db } from '../statements/query-builder.js';

/**
 * Reads one of the tables, because a database without the schema can serve nothing. It also asks for a lock on no row,
 * which a server that takes no writes refuses.
 */
export function preparePing(database: Database): Operation<void, void> {
  const read = database.prepareRead('ping', () =>
    db
      .selectFrom('schema_migrations')
      .select('version')
      .where((eb) => eb.not(eb.exists(eb.selectFrom('sessions').where(sql.lit(false)).forUpdate())))
      .limit(sql.lit(1)),
  );
  return async () => {
    await read({});
  };
}
