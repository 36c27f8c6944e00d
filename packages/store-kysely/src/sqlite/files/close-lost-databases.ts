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
 * Closes a database whose files were removed or replaced, and all others of this process that lost files: one that stayed
 * open would pass on its index to the next that is opened.
 *
 * @throws driver errors, busy ones too; the next call goes on with what is still open
 */
export function closeLostDatabases(lost: OpenDatabase): void {
  for (const each of openDatabases) {
    if (each.database.open && (each === lost || each.files?.findChange() !== undefined)) closeLost(each);
  }
}

/**
 * What was committed to the log is copied into its file first, wherever that is now, unless another process began another
 * log for it. A log that stays at the path beside another file is removed: SQLite would take it for a part of that file.
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
