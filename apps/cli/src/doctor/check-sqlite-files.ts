import { accessSync, constants, existsSync, realpathSync, statfsSync, statSync } from 'node:fs';
import { dirname } from 'node:path';
import { checkFileSystem } from './check-file-system.js';
import { findingsOf, type Finding } from './finding.js';

const fewBytes = 500 * 2 ** 20;
const tooFewBytes = 20 * 2 ** 20;

/** Checks the files of a SQLite database and the folder that holds them. The file exists. */
export function checkSqliteFiles(path: string, mounts: string | undefined): Finding[] {
  const real = realpathSync(path);
  const folder = dirname(real);
  return [checkRights(real, folder), checkReaders(real), checkSpace(folder), checkFileSystem(folder, mounts)].filter(
    (finding) => finding !== undefined,
  );
}

/** Checks what a removed file left behind. */
export function checkLeftovers(path: string): Finding | undefined {
  const left = [`${path}-wal`, `${path}-shm`, `${path}-journal`].filter((sidecar) => existsSync(sidecar));
  if (left.length === 0) return undefined;
  return findingsOf('leftovers').problem(
    `${path} is missing, and ${left.join(' and ')} of it is still there`,
    'Put the file back, or remove what is left of it to begin with an empty one.',
  );
}

function checkRights(path: string, folder: string): Finding {
  const { ok, problem } = findingsOf('rights');
  if (!allows(path, constants.R_OK | constants.W_OK))
    return problem(`${path} is read-only for this user`, 'Make it writable, or run as its owner.');
  if (!allows(folder, constants.W_OK | constants.X_OK))
    return problem(
      `${folder} is read-only for this user, and SQLite makes files beside the database`,
      'Make the folder writable, or run as its owner.',
    );
  return ok('the file and its folder can be written');
}

function checkReaders(path: string): Finding | undefined {
  if (process.platform === 'win32') return undefined;
  const { ok, warning } = findingsOf('permissions');
  const open = [path, `${path}-wal`, `${path}-shm`].filter(
    (file) => ((statSync(file, { throwIfNoEntry: false })?.mode ?? 0) & 0o007) !== 0,
  );
  if (open.length === 0) return ok('other users cannot open the file');
  return warning(
    `other users of this machine can open ${open.join(' and ')}, unless a folder above keeps them out`,
    `Take that from them: chmod o= ${open.join(' ')}`,
  );
}

function checkSpace(folder: string): Finding {
  const { ok, warning, problem } = findingsOf('free space');
  const { bavail, bsize } = statfsSync(folder);
  const free = bavail * bsize;
  const shown = `${Math.floor(free / 2 ** 20).toLocaleString('en')} MiB in ${folder}`;
  if (free < tooFewBytes) return problem(shown, 'Free some space: calls that write fail soon.');
  return free < fewBytes ? warning(shown, 'Free some space.') : ok(shown);
}

function allows(path: string, mode: number): boolean {
  try {
    accessSync(path, mode);
    return true;
  } catch {
    return false;
  }
}
