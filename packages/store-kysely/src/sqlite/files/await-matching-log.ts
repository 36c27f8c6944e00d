import { existsSync, realpathSync, statSync } from 'node:fs';
import { setTimeout } from 'node:timers/promises';
import type Database from 'better-sqlite3';
import type { Connection } from '../connection/connection.js';
import { retryWhileBusy } from '../transactions/retry-while-busy.js';

/** Longer than other processes take to close a file that was replaced: see `createReopener`. */
const closedWithinMs = 2000;
const pauseMs = 50;

/**
 * Waits, before a file is opened, until the log of writes and its index belong to the file and to each other. SQLite does
 * not check this: it would use them even if some of the files had been removed or replaced.
 *
 * @throws driver errors; a busy error at the deadline
 */
export async function awaitMatchingLog(path: string, Sqlite: typeof Database, deadlineMs: number): Promise<void> {
  await retryWhileBusy(() => requireWholeLog(path, Sqlite), deadlineMs);
  const closedByMs = performance.now() + closedWithinMs;
  // The wait has an end, because a file that was copied together with its log looks the same.
  while ((await retryWhileBusy(() => hasForeignLog(path, Sqlite), deadlineMs)) && performance.now() < closedByMs) {
    await setTimeout(pauseMs);
  }
}

/**
 * If the log was removed but its index exists, running processes may still write to the removed log. A new log would not
 * fit the index that they share.
 *
 * @throws a busy error if another process has the database open
 */
function requireWholeLog(path: string, Sqlite: typeof Database): void {
  const file = realpathSync(path);
  if (!existsSync(`${file}-shm`) || existsSync(`${file}-wal`)) return;
  const alone = new Sqlite(path, { timeout: 0, fileMustExist: true });
  try {
    alone.pragma('locking_mode = exclusive');
    alone.pragma('journal_mode = delete');
  } finally {
    // In exclusive mode, only closing releases the locks.
    alone.close();
  }
}

/** Whether the log beside a file was written for another file. The file was then replaced without its log. */
function hasForeignLog(path: string, Sqlite: typeof Database): boolean {
  if ((statSync(`${realpathSync(path)}-wal`, { throwIfNoEntry: false })?.size ?? 0) === 0) return false;
  // A connection that only reads does not empty the log when it closes.
  const database = new Sqlite(path, { timeout: 0, readonly: true, fileMustExist: true });
  try {
    const mark = readMark(database);
    return mark !== 0 && mark !== markOf(path);
  } finally {
    database.close();
  }
}

/** Marks a database with the number of its file. A copy of the file keeps the mark of its original. */
export function markFile(database: Database.Database, path: string, connection: Connection): void {
  const mark = markOf(path);
  if (readMark(database) === mark) return;
  connection.writeTransaction(() => connection.execute(`pragma user_version = ${mark}`));
}

const readMark = (database: Database.Database): unknown => database.pragma('user_version', { simple: true });

/** The file's inode number, reduced to the 31 bits that SQLite can store. */
const markOf = (path: string): number => Number(statSync(path, { bigint: true }).ino % (2n ** 31n - 1n)) + 1;
