import { rmSync } from 'node:fs';
import type { OpenDatabase } from '../connection/connection.js';

/** The open databases of this process. Its connections to one file share one index of the log, inside SQLite. */
const openDatabases = new Set<OpenDatabase>();

/** Registers a database for {@link closeLostDatabases}. */
export function registerOpenDatabase(opened: OpenDatabase): void {
  for (const each of openDatabases) if (!each.database.open) openDatabases.delete(each);
  openDatabases.add(opened);
}

/**
 * Closes a database whose files were removed or replaced, and all other databases of this process that lost files. If
 * one stayed open, SQLite would share its index with the next database that is opened at the path.
 *
 * @throws driver errors, including busy errors. The next call continues with the databases that are still open
 */
export function closeLostDatabases(lost: OpenDatabase): void {
  for (const each of openDatabases) {
    if (each.database.open && (each === lost || each.files?.findChange() !== undefined)) closeLost(each);
  }
}

/**
 * First, the commits in the log are copied into its file, wherever the file is now, unless another process has begun
 * another log for that file. A log that remains at the path beside another file is removed, because SQLite would treat
 * it as that file's log.
 */
function closeLost({ database, files }: OpenDatabase): void {
  if (files === undefined) return;
  const found = files.look();
  const isWhole = Object.values(found).every((state) => state === 'opened');
  if (!isWhole && found.wal !== 'foreign' && found.shm !== 'foreign') emptyLog(database);
  if (found.main !== 'opened') {
    for (const file of ['wal', 'shm'] as const) if (found[file] === 'opened') rmSync(files.pathOf(file));
  }
  database.close();
}

function emptyLog(database: OpenDatabase['database']): void {
  const [outcome] = database.pragma('wal_checkpoint(truncate)') as { readonly busy: number }[];
  if (outcome?.busy === 1)
    throw Object.assign(new Error('The log of writes is in use by another process'), { code: 'SQLITE_BUSY' });
}
