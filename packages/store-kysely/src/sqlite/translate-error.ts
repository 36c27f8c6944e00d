import { ContextStoreError, storeUnavailable } from '@org/domain';

/** What is wrong with the file, and what to do, by SQLite's primary result code: it may pass by itself. */
const passing: Readonly<Record<string, string>> = {
  SQLITE_BUSY: 'is locked by another process for too long.',
  SQLITE_LOCKED: 'is locked by another process for too long.',
  SQLITE_PROTOCOL: 'is locked by another process for too long.',
  SQLITE_FULL: 'cannot grow: the disk is full. Free some space.',
  SQLITE_IOERR: 'cannot be read or written: the disk or file system reports an error. Check it.',
};

/** The same, of what lasts until somebody mends it. */
const lasting: Readonly<Record<string, string>> = {
  SQLITE_READONLY: 'is read-only. Make the file and its folder writable for this user.',
  SQLITE_CANTOPEN: 'cannot be opened. Check that it is a file, and that it and its folder are writable for this user.',
  SQLITE_PERM: 'cannot be opened. Check that it and its folder are writable for this user.',
  SQLITE_NOTADB: 'is not a SQLite database. Name another file, or move this one away.',
  SQLITE_CORRUPT: 'is damaged. Restore it from a backup, or move it away to begin anew.',
};

/** Whether another connection holds the lock that was needed. Nothing happened, and trying again may succeed. */
export function isBusy(error: unknown): boolean {
  return ['SQLITE_BUSY', 'SQLITE_LOCKED', 'SQLITE_PROTOCOL'].includes(primaryCode(error) ?? '');
}

/**
 * Turns whatever an operation threw into an error that is fit for callers. It names the file, and never holds SQL or the
 * driver's own words: those stay in `cause`.
 *
 * @param mayWrite whether the operation was one that writes: a commit whose flush failed may be found after a crash
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

/** `SQLITE_IOERR` of `SQLITE_IOERR_FSYNC`; undefined for errors that are not SQLite's. */
export function primaryCode(error: unknown): string | undefined {
  if (!(error instanceof Error) || !('code' in error) || typeof error.code !== 'string') return undefined;
  return /^SQLITE_[A-Z]+/.exec(error.code)?.[0];
}
