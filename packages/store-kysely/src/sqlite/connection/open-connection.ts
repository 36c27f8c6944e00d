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

/** How long SQLite waits for a lock. The wait blocks the event loop, so it only covers one commit of another process. */
const busyTimeoutMs = 10;

type PrepareSchema = (connection: Connection, path: string, nowMs: number) => unknown;

/**
 * Opens a database. `prepareSchema` migrates or checks its schema. Creates the file and its folder if they do not exist.
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

/**
 * Makes commits durable, overwrites deleted data, and lets readers and the writer of several processes work in
 * parallel.
 */
function configure(database: Database.Database): void {
  database.pragma('journal_mode = wal');
  database.pragma('synchronous = full');
  // 16 MB instead of 4: pages that busy sessions write repeatedly are copied to the file once, not every few commits.
  // With 100 sessions under load, that is a quarter more appends.
  database.pragma('wal_autocheckpoint = 4000');
  database.pragma('foreign_keys = on');
  // Deleted data is overwritten, not only unlinked.
  database.pragma('secure_delete = on');
  // The first read opens the log and its index.
  database.pragma('schema_version');
}

/** better-sqlite3 does not throw on an older Node.js: it ends the process. */
function requireNode(): void {
  const { node } = process.versions;
  const [major = 0, minor = 0] = node.split('.').map(Number);
  if (major > 22 || (major === 22 && minor >= 19)) return;
  throw storeUnavailable(`SQLite needs Node 22.19 or newer; this is Node ${node}. Start with a newer Node.`, {
    written: 'no',
    retryable: false,
  });
}

/** Creates the file if it does not exist, readable only by its user, and checks that it can be written. */
function requireFile(path: string): void {
  try {
    makeFolder(dirname(path));
    // An existing file is not opened, because closing it would release all locks of this process on it, also of other
    // stores.
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
