import { ContextStoreError, storeUnavailable } from '@org/domain';

/** Problems that may pass, and what to do, by SQLite's primary result code. */
const passing: Readonly<Record<string, string>> = {
  SQLITE_BUSY: 'is locked by another process for too long.',
  SQLITE_LOCKED: 'is locked by another process for too long.',
  SQLITE_PROTOCOL: 'is locked by another process for too long.',
  ENOENT: 'was removed or moved. Put it back.',
  SQLITE_FULL: 'cannot grow: the disk is full. Free some space.',
  SQLITE_IOERR: 'cannot be read or written: the disk or file system reports an error. Check it.',
  // SQLite reports a damaged file, and one that the disk cannot read (EIO), in the same way.
  SQLITE_CORRUPT:
    'cannot be read: the disk reports an error, or the file is damaged. Look for errors of the disk in the log of the system, then check the file with `pragma integrity_check`. Restore a backup only if that finds damage.',
};

/** Problems that last until an operator solves them. */
const lasting: Readonly<Record<string, string>> = {
  SQLITE_READONLY: 'is read-only. Make the file and its folder writable for this user.',
  SQLITE_CANTOPEN: 'cannot be opened. Check that it is a file, and that it and its folder are writable for this user.',
  SQLITE_PERM: 'cannot be opened. Check that it and its folder are writable for this user.',
  SQLITE_NOTADB: 'is not a SQLite database. Name another file, or move this one away.',
};

/** Whether another connection holds the required lock. Nothing was changed, and another try may succeed. */
export function isBusy(error: unknown): boolean {
  return ['SQLITE_BUSY', 'SQLITE_LOCKED', 'SQLITE_PROTOCOL'].includes(primaryCode(error) ?? '');
}

/** Whether the disk was full. Nothing was written. */
export function isDiskFull(error: unknown): boolean {
  return (
    primaryCode(error) === 'SQLITE_FULL' || (error as { code?: unknown } | undefined)?.code === 'SQLITE_IOERR_SHMSIZE'
  );
}

/**
 * Turns an error of an operation into an error for callers. The message names the file. It never contains SQL or the
 * driver's message; those stay in `cause`.
 *
 * @param mayWrite whether the operation writes. If the flush of a commit fails, the commit may still exist after a crash
 */
export function translateError(error: unknown, path: string, mayWrite = false): ContextStoreError {
  if (error instanceof ContextStoreError) return error;
  const code = primaryCode(error) ?? '';
  if (passing[code] !== undefined) {
    const written = mayWrite && code === 'SQLITE_IOERR' ? 'unknown' : 'no';
    return storeUnavailable(`${path} ${passing[code]}`, { written, cause: error });
  }
  if (lasting[code] !== undefined) {
    return storeUnavailable(`${path} ${lasting[code]}`, { written: 'no', retryable: false, cause: error });
  }
  return new ContextStoreError(
    'INTERNAL_ERROR',
    'Something went wrong in the store. Nothing was acknowledged; please report it.',
    {},
    { cause: error },
  );
}

/**
 * Returns `SQLITE_IOERR` for `SQLITE_IOERR_FSYNC`. Returns undefined for errors of neither SQLite nor the file system.
 */
export function primaryCode(error: unknown): string | undefined {
  if (!(error instanceof Error) || !('code' in error) || typeof error.code !== 'string') return undefined;
  return /^(?:SQLITE_[A-Z]+|E[A-Z]+$)/.exec(error.code)?.[0];
}
