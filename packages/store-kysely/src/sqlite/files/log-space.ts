import { statfsSync, truncateSync } from 'node:fs';
import { dirname } from 'node:path';
import type { Database } from 'better-sqlite3';

/**
 * Keeps enough disk space free to copy the log of writes into the file. If the log takes that space, it can neither grow
 * nor be emptied.
 */
export interface LogSpace {
  /** Empties the log after a commit if little more space is left than its pages need. Does nothing if that fails. */
  readonly keepFree: () => void;
  /** Empties the log after the disk was full. Throws driver errors if there is no space for that either. */
  readonly free: () => void;
}

const roomyBytes = 2 ** 30;
/** How many commits pass between two checks of a disk with much space. Other disks are checked after every commit. */
const roomyCommits = 64;

const headerBytes = 32;
const frameHeaderBytes = 24;

/** @param path the path of the log */
export function createLogSpace(database: Database, path: string): LogSpace {
  const pageBytes = database.pragma('page_size', { simple: true }) as number;
  let commitsToPass = 0;

  /** Returns how many pages the log holds, and how many of them are in the file already. Changes nothing. */
  const readLog = (): { log: number; checkpointed: number } =>
    (database.pragma('wal_checkpoint(noop)') as [{ log: number; checkpointed: number }])[0];
  const emptyLog = (): unknown => database.pragma('wal_checkpoint(truncate)');
  const dataVersion = (): unknown => database.pragma('data_version', { simple: true });

  /** Removes the part of the log after the last commit, which a write left that did not fit on the disk. */
  function dropRemains(): void {
    const [version, { log }] = [dataVersion(), readLog()];
    database.exec('begin immediate');
    try {
      // While this connection holds the lock, no other process extends the log.
      if (dataVersion() === version) truncateSync(path, headerBytes + log * (frameHeaderBytes + pageBytes));
    } finally {
      database.exec('rollback');
    }
  }

  return {
    keepFree: () => {
      commitsToPass -= 1;
      if (commitsToPass > 0) return;
      try {
        const { bavail, bsize } = statfsSync(dirname(path));
        const freeBytes = bavail * bsize;
        commitsToPass = freeBytes > roomyBytes ? roomyCommits : 1;
        if (commitsToPass > 1) return;
        const { log, checkpointed } = readLog();
        if (freeBytes < 2 * (log - checkpointed) * pageBytes) emptyLog();
      } catch {
        // What was committed is safe in the log. The next commit tries again.
      }
    },
    free: () => {
      dropRemains();
      emptyLog();
    },
  };
}
