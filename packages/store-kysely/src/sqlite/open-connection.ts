import { accessSync, closeSync, constants, existsSync, mkdirSync, openSync } from 'node:fs';
import { dirname } from 'node:path';
import { storeUnavailable } from '@org/domain';
import type { Database } from 'better-sqlite3';
import { createConnection, type Connection } from './connection.js';
import { loadDriver } from './load-driver.js';
import { migrate } from './migrate.js';
import { retryWhileBusy } from './retry-while-busy.js';

/** How long SQLite itself waits for a lock. It blocks the event loop, so it is only long enough for a commit beside this one. */
const busyTimeoutMs = 10;

/**
 * Opens a database whose schema `prepareSchema` sees to. The file is created, with its folder, when there is none.
 *
 * @throws STORE_UNAVAILABLE, driver errors
 */
export async function openConnection(
  path: string,
  clock: () => number,
  lockWaitMs: number,
  prepareSchema: (connection: Connection, path: string, nowMs: number) => unknown = migrate,
): Promise<Connection> {
  requireNode();
  if (path !== ':memory:') requireFile(path);
  const Sqlite = await loadDriver();
  const database = new Sqlite(path, { timeout: busyTimeoutMs });
  const deadlineMs = performance.now() + lockWaitMs;
  try {
    await retryWhileBusy(() => configure(database), deadlineMs);
    const connection = createConnection(database);
    await retryWhileBusy(() => prepareSchema(connection, path, clock()), deadlineMs);
    return connection;
  } catch (error) {
    database.close();
    throw error;
  }
}

/** Makes commits durable and deletions thorough, and lets the readers and the writer of several processes go on side by side. */
function configure(database: Database): void {
  database.pragma('journal_mode = wal');
  database.pragma('synchronous = full');
  // 16 MB rather than 4: the pages that hot sessions write again and again then reach the file once, not for every few
  // commits; with 100 sessions under load that is a quarter more appends.
  database.pragma('wal_autocheckpoint = 4000');
  database.pragma('foreign_keys = on');
  // What is deleted is overwritten, not only unlinked.
  database.pragma('secure_delete = on');
}

/** better-sqlite3 does not throw on an older Node: it takes the process down. */
function requireNode(): void {
  const { node } = process.versions;
  const [major = 0, minor = 0] = node.split('.').map(Number);
  if (major > 22 || (major === 22 && minor >= 19)) return;
  throw storeUnavailable(`SQLite needs Node 22.19 or newer; this is Node ${node}. Start with a newer Node.`, {
    written: 'no',
    retryable: false,
  });
}

/**
 * Makes a folder for its user alone, with those above it, unless it exists. One at a time: left to make several, Node tries
 * forever where none can be, as under /proc. @throws system errors
 */
export function makeFolder(folder: string): void {
  if (existsSync(folder)) return;
  makeFolder(dirname(folder));
  try {
    mkdirSync(folder, { mode: 0o700 });
  } catch (error) {
    // Another process may have been faster.
    if (!existsSync(folder)) throw error;
  }
}

/** Sees to it that there is a file that can be written. It is for its user alone: it holds what agents recorded. */
function requireFile(path: string): void {
  try {
    makeFolder(dirname(path));
    // Never opened when it exists: closing a file drops every lock that this process has on it, those of other stores too.
    if (existsSync(path)) accessSync(path, constants.W_OK);
    else closeSync(openSync(path, 'a', 0o600));
  } catch (error) {
    throw storeUnavailable(
      `${path} cannot be written. Choose a folder that this user can write to, or make it writable.`,
      { written: 'no', retryable: false, cause: error },
    );
  }
}
