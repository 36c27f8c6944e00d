import type { SchemaChange } from '../../schema-version.js';
import { migrate } from './migrate.js';
import { openConnection } from '../connection/open-connection.js';
import { retryWhileBusy } from '../transactions/retry-while-busy.js';
import { translateError } from '../connection/translate-error.js';

/** Longer than a migration takes, so that processes that start together wait for it. */
const lockWaitMs = 60_000;

/**
 * Brings a file to the schema of this release. Creates the file and its folder if they do not exist. See `migrate`.
 *
 * @throws STORE_UNAVAILABLE if the file cannot be created, opened, read or migrated, or is of a newer release
 */
export async function migrateSqlite(path: string): Promise<SchemaChange> {
  try {
    const connection = await openConnection(path, Date.now, lockWaitMs, () => undefined);
    try {
      return await retryWhileBusy(() => migrate(connection, path, Date.now()), performance.now() + lockWaitMs);
    } finally {
      connection.close();
    }
  } catch (error) {
    throw translateError(error, path);
  }
}
