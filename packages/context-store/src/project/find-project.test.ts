import { mkdirSync, mkdtempSync, realpathSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { projectOfFolder } from '@org/domain';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { findProject } from './find-project.js';

/** The home folder, in which all folders of a test are. */
let home: string;
beforeEach(() => {
  home = realpathSync(mkdtempSync(join(tmpdir(), 'find-project-')));
});
afterEach(() => rmSync(home, { recursive: true }));

const find = (folder: string): string | undefined => findProject(join(home, folder), home);
const ofFolder = (folder: string): string | undefined => projectOfFolder(join(home, folder));

function write(path: string, text: string): void {
  mkdirSync(dirname(join(home, path)), { recursive: true });
  writeFileSync(join(home, path), text);
}
const makeFolder = (path: string): string | undefined => mkdirSync(join(home, path), { recursive: true });

/** Makes what `git init` and `git remote add` make, as far as it matters. */
function makeRepository(folder: string, remotes: Readonly<Record<string, string>> = {}): void {
  const sections = Object.entries(remotes).map(([name, url]) => `[remote "${name}"]\n\turl = ${url}\n`);
  write(`${folder}/.git/config`, `[core]\n\trepositoryformatversion = 0\n${sections.join('')}`);
  write(`${folder}/.git/HEAD`, 'ref: refs/heads/main\n');
}

describe('the project of a folder', () => {
  it('is the remote of its repository, from every folder in it', () => {
    makeRepository('app', { origin: 'git@github.com:owner/app.git' });
    makeFolder('app/src/deep');
    for (const folder of ['app', 'app/src', 'app/src/deep']) expect(find(folder)).toBe('github.com/owner/app');
  });

  it('prefers origin, then the remote of the branch, then the first; each only if it is no folder', () => {
    const [first, second] = ['https://host/a/first', 'https://host/a/second'];
    makeRepository('origin', { first, origin: second });
    expect(find('origin')).toBe('host/a/second');
    makeRepository('first', { first, second });
    expect(find('first')).toBe('host/a/first');
    makeRepository('branch', { first, second });
    write('branch/.git/HEAD', 'ref: refs/heads/feature/x\n');
    write(
      'branch/.git/config',
      `[remote "first"]\n url = ${first}\n[remote "second"]\n url = ${second}\n[branch "feature/x"]\n remote = second\n`,
    );
    expect(find('branch')).toBe('host/a/second');
    write('branch/.git/HEAD', '0123456789012345678901234567890123456789\n');
    expect(find('branch')).toBe('host/a/first');
    makeRepository('local', { origin: '/srv/git/local.git', mirror: second });
    expect(find('local')).toBe('host/a/second');
  });

  it('is the name of its repository if that has no remote, and else its own', () => {
    makeRepository('app');
    makeFolder('app/src');
    makeFolder('plain/below');
    expect(find('app/src')).toBe(ofFolder('app'));
    expect(find('plain')).toBe(ofFolder('plain'));
    expect(find('plain/below')).toBe(ofFolder('plain/below'));
    expect(new Set(['app', 'plain', 'plain/below'].map(find)).size).toBe(3);
  });

  it('is the same for all worktrees of a repository', () => {
    makeRepository('app', { origin: 'https://host/owner/app' });
    makeRepository('free');
    for (const main of ['app', 'free']) {
      const gitFolder = `${main}/.git/worktrees/linked`;
      write(`${gitFolder}/commondir`, '../..\n');
      write(`${gitFolder}/HEAD`, 'ref: refs/heads/other\n');
      write(`${main}-linked/.git`, `gitdir: ${join(home, gitFolder)}\n`);
      expect(find(`${main}-linked`)).toBe(find(main));
    }
    // A bare repository has worktrees only.
    write('bare.git/config', '[core]\n\tbare = true\n');
    write('bare.git/worktrees/linked/commondir', '../..\n');
    write('of-bare/.git', 'gitdir: ../bare.git/worktrees/linked\n');
    expect(find('of-bare')).toBe(ofFolder('bare.git'));
  });

  it('is that of the submodule in a submodule', () => {
    makeRepository('app', { origin: 'https://host/owner/app' });
    write('app/.git/modules/part/config', '[remote "origin"]\n\turl = https://host/owner/part.git\n');
    write('app/part/.git', 'gitdir: ../.git/modules/part\n');
    write('app/.git/modules/free/config', '[core]\n\tworktree = ../../../free\n');
    write('app/free/.git', 'gitdir: ../.git/modules/free\n');
    expect(find('app/part')).toBe('host/owner/part');
    expect(find('app/free')).toBe(ofFolder('app/free'));
  });

  it('does not depend on the path by which the folder is reached', () => {
    makeFolder('real/app');
    symlinkSync(join(home, 'real'), join(home, 'link'));
    expect(find('link/app')).toBe(ofFolder('real/app'));
    expect(find('link/../real/app/')).toBe(ofFolder('real/app'));
  });

  it.each([
    ['an empty folder .git', (): unknown => makeFolder('app/.git')],
    ['a file .git without a folder', (): void => write('app/.git', 'nothing\n')],
    ['a file .git of a folder that is gone', (): void => write('app/.git', 'gitdir: ../gone\n')],
    ['a configuration that is a folder', (): unknown => makeFolder('app/.git/config')],
  ])('ignores %s', (_what, make) => {
    make();
    expect(find('app')).toBe(ofFolder('app'));
  });

  it('is absent in the home folder and in the root, even if a repository is there', () => {
    makeRepository('.', { origin: 'https://host/me/dotfiles' });
    makeFolder('plain');
    expect(find('.')).toBeUndefined();
    expect(find('plain')).toBe(ofFolder('plain'));
    expect(findProject('/', home)).toBeUndefined();
    expect(findProject(dirname(home), dirname(home))).toBeUndefined();
    expect(findProject(home, '')).toBe('host/me/dotfiles');
  });

  it('is absent for a folder that does not exist', () => {
    expect(find('nowhere')).toBeUndefined();
    expect(findProject('\0', home)).toBeUndefined();
  });
});
