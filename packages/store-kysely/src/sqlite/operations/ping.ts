import type { Connection } from '../connection/connection.js';
import type { Operation } from './operation.js';
import { db } from '../connection/query-builder.js';

/** Reads from the file, so that it fails if another process has removed the file, or the disk cannot be read. */
export function preparePing(connection: Connection): Operation<void, void> {
  const read = connection.prepare(() => db.selectFrom('schema_migrations').select('version').limit(1));
  return () => {
    read.get({});
  };
}
