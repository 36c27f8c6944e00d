import { lstatSync, realpathSync, statSync, type BigIntStats, type Stats } from 'node:fs';
import { dirname, resolve } from 'node:path';

/**
 * The files of an open database: the file itself, its log of writes (`-wal`) and the index of that log (`-shm`). SQLite
 * keeps using the files that it opened after they were replaced, and does not see what other processes write to the new
 * ones.
 */
export interface DatabaseFiles {
  /**
   * Describes the file that is missing at its path or was replaced. Returns undefined if there is none. Takes one system
   * call, on the folder, while nothing in the folder changes.
   */
  readonly findChange: () => string | undefined;
  /** Compares the files at the paths with those that were opened. */
  readonly look: () => Readonly<Record<DatabaseFile, 'opened' | 'missing' | 'foreign'>>;
  /** The path of a file, with links resolved as SQLite resolves them. */
  readonly pathOf: (file: DatabaseFile) => string;
}

export type DatabaseFile = 'main' | 'wal' | 'shm';

export type FileIdentity = Pick<BigIntStats, 'dev' | 'ino'>;

const suffixes = { main: '', wal: '-wal', shm: '-shm' } as const;

/** The resolution of the times of folders, in milliseconds: two changes within it can have the same time. */
const clockStepMs = 3000;

/**
 * Identifies the files of an open database. Call it after the first read, when the log and its index exist.
 *
 * @param main the file at the path before it was opened
 */
export function identifyFiles(path: string, main: FileIdentity | undefined): DatabaseFiles {
  const given = resolve(path);
  const opened = realpathSync(given);
  const pathOf = (file: DatabaseFile): string => `${opened}${suffixes[file]}`;
  const identities = { main, wal: identityOf(pathOf('wal')), shm: identityOf(pathOf('shm')) };
  // If the path is a link, the folder does not show changes of the file that the link names.
  const folder = lstatSync(given).isSymbolicLink() ? undefined : dirname(given);
  let unchanged: Stats | undefined;

  function findChangedFile(): string | undefined {
    const found = identityOf(given);
    if (found === undefined) return `${path} was removed or moved`;
    if (!isSameFile(found, main)) return `${path} was replaced by another file`;
    const changed = (['wal', 'shm'] as const).find((file) => !isSameFile(identityOf(pathOf(file)), identities[file]));
    return changed && `${path}${suffixes[changed]} was removed or replaced`;
  }

  return {
    findChange: () => {
      // The folder is read before the files, so that a change in between is seen next time.
      const now = folder === undefined ? undefined : stateOf(folder);
      if (now !== undefined && now.ctimeMs === unchanged?.ctimeMs && now.ino === unchanged.ino) return undefined;
      const change = findChangedFile();
      if (change === undefined && now !== undefined && Date.now() - now.ctimeMs > clockStepMs) unchanged = now;
      return change;
    },
    look: () => {
      const lookAt = (file: DatabaseFile) => {
        const found = identityOf(pathOf(file));
        if (found === undefined) return 'missing';
        return isSameFile(found, identities[file]) ? 'opened' : 'foreign';
      };
      return { main: lookAt('main'), wal: lookAt('wal'), shm: lookAt('shm') };
    },
    pathOf,
  };
}

/** Identifies the file at a path. Uses bigints, because some file systems have numbers that a double cannot hold. */
export function identityOf(path: string): FileIdentity | undefined {
  try {
    return statSync(path, { bigint: true, throwIfNoEntry: false });
  } catch {
    // A file that cannot be examined does not exist for other processes either.
    return undefined;
  }
}

/** The cheapest check: the folder's time of change shows whether a file in it was created, removed or renamed. */
function stateOf(folder: string): Stats | undefined {
  try {
    return statSync(folder, { throwIfNoEntry: false });
  } catch {
    return undefined;
  }
}

function isSameFile(one: FileIdentity | undefined, other: FileIdentity | undefined): boolean {
  return one !== undefined && one.ino === other?.ino && one.dev === other.dev;
}
