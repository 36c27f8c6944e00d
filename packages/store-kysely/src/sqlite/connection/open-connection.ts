import { accessSync, closeSync, constants, existsSync, openSync, statSync } from 'node:fs';
import { dirname } from 'node:path';
import { ContextStoreError, storeUnavailable } from '@org/domain';
import type Database from 'better-sqlite3';
import { createConnection, type Connection, type OpenDatabase } from './connection.js';
import { identifyFiles, identityOf } from '../files/database-files.js';
import { awaitMatchingLog, markFile } from '../files/await-matching-log.js';
import { closeLostDatabases, registerOpenDatabase } from '../files/close-lost-databases.js';
import { loadDriver } from './load-driver.js';
import { createLogSpace } from '../files/log-space.js';
import { makeFolder } from '../files/make-folder.js';
import { migrate } from '../schema/migrate.js';
import { retryWhileBusy } from '../transactions/retry-while-busy.js';

/** How long SQLite itself waits for a lock. It blocks the event loop, so it is only long enough for a commit beside this one. */
const busyTimeoutMs = 10;

type PrepareSchema = (connection: Connection, path: string, nowMs: number) => unknown;

/**
 * Opens a database whose schema `prepareSchema` sees to. The file is created, with its folder, when there is none.
 *
 * @throws STORE_UNAVAILABLE, driver errors
 */
export async function openConnection(
  path: string,
  clock: () => number,
  lockWaitMs: number,
  prepareSchema: PrepareSchema = migrate,
): Promise<Connection> {
  requireNode();
  if (path !== ':memory:') requireFile(path);
  const open = (): Promise<OpenDatabase> => openDatabase(path, clock, lockWaitMs, prepareSchema);
  return createConnection(await open(), async (before) => {
    requireContent(path);
    await retryWhileBusy(() => closeLostDatabases(before), performance.now() + lockWaitMs);
    return open();
  });
}

async function openDatabase(
  path: string,
  clock: () => number,
  lockWaitMs: number,
  prepareSchema: PrepareSchema,
): Promise<OpenDatabase> {
  const Sqlite = await loadDriver();
  const isInMemory = path === ':memory:';
  const deadlineMs = performance.now() + lockWaitMs;
  if (!isInMemory) await awaitMatchingLog(path, Sqlite, deadlineMs);
  const main = identityOf(path);
  const database = new Sqlite(path, { timeout: busyTimeoutMs, fileMustExist: !isInMemory });
  try {
    await retryWhileBusy(() => configure(database), deadlineMs);
    const files = isInMemory ? undefined : identifyFiles(path, main);
    const opened = { database, files, logSpace: files && createLogSpace(database, files.pathOf('wal')) };
    const connection = createConnection(opened);
    await retryWhileBusy(() => prepareSchema(connection, path, clock()), deadlineMs);
    if (!isInMemory) await retryWhileBusy(() => markFile(database, path, connection), deadlineMs);
    registerOpenDatabase(opened);
    return opened;
  } catch (error) {
    database.close();
    throw error;
  }
}

/** Makes commits durable and deletions thorough, and lets the readers and the writer of several processes go on side by side. */
function configure(database: Database.Database): void {
  database.pragma('journal_mode = wal');
  database.pragma('synchronous = full');
  // 16 MB rather than 4: the pages that hot sessions write again and again then reach the file once, not for every few
  // commits; with 100 sessions under load that is a quarter more appends.
  database.pragma('wal_autocheckpoint = 4000');
  database.pragma('foreign_keys = on');
  // What is deleted is overwritten, not only unlinked.
  database.pragma('secure_delete = on');
  // The first read opens the log and its index.
  database.pragma('schema_version');
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

/** Creates the file if there is none, readable by its user alone, and checks that it can be written. */
function requireFile(path: string): void {
  try {
    makeFolder(dirname(path));
    // Never opened when it exists: closing a file drops every lock that this process has on it, those of other stores too.
    if (existsSync(path)) accessSync(path, constants.W_OK);
    else createFile(path);
  } catch (error) {
    if (error instanceof ContextStoreError) throw error;
    throw storeUnavailable(
      `${path} cannot be written. Choose a folder that this user can write to, or make it writable.`,
      { written: 'no', retryable: false, cause: error },
    );
  }
}

/** Throws STORE_UNAVAILABLE if the log of a missing file exists: it may hold recorded entries. */
function createFile(path: string): void {
  const left = [`${path}-wal`, `${path}-shm`].filter((sidecar) => existsSync(sidecar));
  if (left.length > 0) {
    throw storeUnavailable(
      `${path} is missing, and ${left.join(' and ')} of it is still there. Put the file back, or remove what is left of it to begin with an empty one.`,
      { written: 'no', retryable: false },
    );
  }
  closeSync(openSync(path, 'a', 0o600));
}

/**
 * Throws if the file is missing or empty. A removed file is not created again while processes still have it open, and an
 * empty file may be a copy that is not finished.
 */
function requireContent(path: string): void {
  if ((statSync(path, { throwIfNoEntry: false })?.size ?? 0) > 0) return;
  throw storeUnavailable(
    `${path} was removed or moved while it was open. Put it back, or end every process that uses it to begin with an empty one.`,
    { written: 'no' },
  );
}
