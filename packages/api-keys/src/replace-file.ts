import {
  closeSync,
  fchmodSync,
  fchownSync,
  fstatSync,
  fsyncSync,
  openSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
  type Stats,
} from 'node:fs';
import { dirname } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { ApiKeysError } from './api-keys-error.js';

/** A change takes milliseconds. */
const lockWaitMs = 5000;
const retryMs = 20;

/**
 * Replaces a file as a whole: readers see the old text or the new one, also after a crash. The new text is written to
 * `PATH.lock`, which then gets the name of the file. While that file exists, other processes wait.
 *
 * @param write returns the new text, and what the caller wants to know of it. Runs under the lock
 * @returns what `write` returned
 * @throws ApiKeysError FILE_LOCKED; system errors; what `write` throws. The file is then unchanged
 */
export async function replaceFile<Written extends { readonly text: string }>(
  path: string,
  write: () => Written,
): Promise<Written> {
  const lock = `${path}.lock`;
  const file = await openLock(lock);
  let written: Written;
  try {
    try {
      written = write();
      writeFileSync(file, written.text);
      keepOwner(file, statSync(path, { throwIfNoEntry: false }));
      fsyncSync(file);
    } finally {
      closeSync(file);
    }
    renameSync(lock, path);
  } catch (error) {
    rmSync(lock, { force: true });
    throw error;
  }
  syncFolder(dirname(path));
  return written;
}

async function openLock(lock: string): Promise<number> {
  for (const deadlineMs = performance.now() + lockWaitMs; ; await delay(retryMs)) {
    try {
      return openSync(lock, 'wx', 0o600);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
      if (performance.now() > deadlineMs)
        throw new ApiKeysError(
          'FILE_LOCKED',
          `${lock} exists: another process changes the keys, or ended while it did. If none runs, remove that file.`,
          { cause: error },
        );
    }
  }
}

/** The server that reads the file may run as its owner, or in its group: container platforms let the group read. */
function keepOwner(file: number, before: Stats | undefined): void {
  if (before === undefined || process.platform === 'win32') return;
  const { uid, gid } = fstatSync(file);
  if (uid !== before.uid || gid !== before.gid) fchownSync(file, before.uid, before.gid);
  fchmodSync(file, 0o600 | (before.mode & 0o040));
}

/** Makes the new name last. Windows has no such call. */
function syncFolder(folder: string): void {
  if (process.platform === 'win32') return;
  const opened = openSync(folder, 'r');
  try {
    fsyncSync(opened);
  } finally {
    closeSync(opened);
  }
}
