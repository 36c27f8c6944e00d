import { readFileSync, realpathSync, statSync } from 'node:fs';
import { homedir } from 'node:os';
import { basename, dirname, join, parse, resolve } from 'node:path';
import { projectOfFolder, projectOfRemote } from '@org/domain';
import { readGitRemotes } from './git-config.js';

/**
 * Finds the project of a folder on this machine: the remote of the git repository that it is in, else the name of the
 * repository's folder, or of the folder itself. All worktrees of a repository are one project. Does not run git: it
 * reads two or three small files.
 *
 * @param home the user's home folder. Default: what the system says
 * @returns undefined for the home folder, for the root of a file system, and for a folder that cannot be read. A
 *   repository in one of these folders does not make everything below it one project
 */
export function findProject(folder: string, home?: string): string | undefined {
  try {
    const path = realpathSync(folder);
    const homePath = realPathIfAny(home ?? homedir());
    const isProject = (candidate: string): boolean => candidate !== homePath && candidate !== parse(candidate).root;
    if (!isProject(path)) return undefined;
    for (let at = path; isProject(at); at = dirname(at)) {
      const repository = findRepository(at);
      if (repository !== undefined) return projectOfRepository(repository, isProject);
    }
    return projectOfFolder(path);
  } catch {
    return undefined;
  }
}

interface Repository {
  /** The folder with the HEAD of this worktree. */
  readonly gitFolder: string;
  /** The worktree. For a linked one, the repository's main worktree, or its own folder if that is bare. */
  readonly root: string;
  /** The text of the configuration, which all worktrees share. */
  readonly config: string;
}

/** Returns the repository whose worktree is this folder. */
function findRepository(folder: string): Repository | undefined {
  const gitPath = join(folder, '.git');
  // gitrepository-layout(5): a linked worktree and a submodule have a file that names the folder.
  const gitFolder = isFolder(gitPath) ? gitPath : linkedFolder(gitPath, /^gitdir:\s*(.+)$/m);
  if (gitFolder === undefined) return undefined;
  const linked = gitFolder === gitPath ? undefined : linkedFolder(join(gitFolder, 'commondir'), /^(.+)$/m);
  const commonFolder = linked ?? gitFolder;
  const config = readIfAny(join(commonFolder, 'config'));
  if (config === undefined) return undefined;
  const mainFolder = basename(commonFolder) === '.git' ? dirname(commonFolder) : commonFolder;
  return { gitFolder, config, root: linked === undefined ? folder : mainFolder };
}

function projectOfRepository(
  { config, gitFolder, root }: Repository,
  isProject: (folder: string) => boolean,
): string | undefined {
  const { urls, ofBranches } = readGitRemotes(config);
  const ofName = (remote: string | undefined): string | undefined => {
    const url = remote === undefined ? undefined : urls.get(remote);
    return url === undefined ? undefined : projectOfRemote(url);
  };
  return (
    ofName('origin') ??
    (urls.size > 1 ? ofName(ofBranches.get(branchOf(gitFolder))) : undefined) ??
    [...urls.values()].map(projectOfRemote).find((project) => project !== undefined) ??
    (isProject(root) ? projectOfFolder(root) : undefined)
  );
}

const branchOf = (gitFolder: string): string =>
  /^ref: refs\/heads\/(.+)$/m.exec(readIfAny(join(gitFolder, 'HEAD')) ?? '')?.[1]?.trim() ?? '';

/** Returns the folder that a file names, relative to the file's own. */
function linkedFolder(file: string, form: RegExp): string | undefined {
  const [, named] = form.exec(readIfAny(file) ?? '') ?? [];
  return named === undefined ? undefined : realPathIfAny(resolve(dirname(file), named.trim()));
}

/** Far more than any of these files holds. */
const maxFileBytes = 1024 * 1024;

function readIfAny(path: string): string | undefined {
  try {
    const file = statSync(path);
    return file.isFile() && file.size <= maxFileBytes ? readFileSync(path, 'utf8') : undefined;
  } catch {
    return undefined;
  }
}

const isFolder = (path: string): boolean => statSync(path, { throwIfNoEntry: false })?.isDirectory() === true;

function realPathIfAny(path: string): string | undefined {
  try {
    // An empty path would be that of the current folder.
    return path === '' ? undefined : realpathSync(path);
  } catch {
    return undefined;
  }
}
