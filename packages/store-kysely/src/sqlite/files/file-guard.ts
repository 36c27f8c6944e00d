import type { Written } from '@org/domain';
import type { OpenDatabase } from '../connection/connection.js';
import { FilesChangedError } from './files-changed-error.js';

/** Keeps a connection from using files that were removed or replaced. */
export interface FileGuard {
  /** Which file was removed or replaced since the database was opened. Undefined if none was. */
  readonly findChange: () => string | undefined;
  /** Throws FilesChangedError if a change was found before. */
  readonly requireUnchanged: () => void;
  /** Checks the files. Throws a FilesChangedError that says that nothing was written. */
  readonly requireFiles: () => void;
  /** Does the same, unless the files were checked within the last millisecond. */
  readonly requireFilesBeforeCommit: () => void;
  /** Checks the files. Throws a FilesChangedError that says that something may have been written. */
  readonly requireFilesAfterCommit: () => void;
  /** Forgets a change: the database was opened again. */
  readonly reset: () => void;
}

/** Another process takes longer to open the database and to commit to it. */
const justNowMs = 1;

export function createFileGuard(current: () => OpenDatabase): FileGuard {
  let change: string | undefined;
  let lookedAtMs = -Infinity;

  function findChange(): string | undefined {
    const { database, files } = current();
    // A change is final: the same files may return after another process has used them without this process's locks.
    return (change ??= database.open ? files?.findChange() : `${database.name} or its log was removed or replaced`);
  }

  function look(written: Written): void {
    const found = findChange();
    if (found !== undefined) throw new FilesChangedError(found, written);
    lookedAtMs = performance.now();
  }

  return {
    findChange,
    requireUnchanged: () => {
      // Another store of this process may have found the change first, and closed all databases that lost files.
      if (change !== undefined || !current().database.open) look('no');
    },
    requireFiles: () => look('no'),
    requireFilesBeforeCommit: () => {
      if (performance.now() - lookedAtMs > justNowMs) look('no');
    },
    requireFilesAfterCommit: () => look('unknown'),
    reset: () => {
      change = undefined;
    },
  };
}
