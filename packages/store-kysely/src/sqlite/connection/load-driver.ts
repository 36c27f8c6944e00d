import { storeUnavailable } from '@org/domain';
import type Sqlite from 'better-sqlite3';

/** The error codes of Node.js for a missing package, and for a native part that it cannot or may not load. */
const failures: ReadonlySet<unknown> = new Set([
  'ERR_MODULE_NOT_FOUND',
  'MODULE_NOT_FOUND',
  'ERR_DLOPEN_FAILED',
  'ERR_DLOPEN_DISABLED',
]);

/**
 * Loads better-sqlite3 and its native part.
 *
 * @throws STORE_UNAVAILABLE if either is missing, does not fit this system, or may not be loaded
 */
export async function loadDriver(): Promise<typeof Sqlite> {
  try {
    const { default: driver } = await import('better-sqlite3');
    // Opening the first database loads the native part.
    new driver(':memory:').close();
    return driver;
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (!failures.has(code)) throw error;
    const { platform, arch, version } = process;
    throw storeUnavailable(
      `The SQLite driver better-sqlite3 cannot be loaded (${code}): it is missing, or was installed for another system than ${platform} ${arch} with Node.js ${version}. Install the packages again on this machine with this Node.js, or use a PostgreSQL database.`,
      { written: 'no', retryable: false, cause: error },
    );
  }
}
