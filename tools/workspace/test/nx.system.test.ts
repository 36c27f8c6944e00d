import { execFile } from 'node:child_process';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { describe, expect, it } from 'vitest';
import { projectFolders, workspaceFolder } from '../src/project-folders.js';
import { copyManifests } from './copy-manifests.js';

const run = promisify(execFile);

describe('nx', { timeout: 300_000 }, () => {
  it('repeats no build, lint or test whose inputs are the same, and repeats those of dependents when they change', async () => {
    const workspace = await openWorkspace();
    const hits = async (target: string): Promise<string | undefined> => {
      const output = await workspace.nx('run-many', '-t', target, '-p', '@org/bus-redis', '--output-style=static');
      return /Cache:\s+(?<hits>\d+\/\d+) hit/.exec(output)?.groups?.['hits'];
    };
    await workspace.write('packages/domain/src/index.ts', 'export {};');
    // The builds of bus-redis, redis-connection and domain.
    expect(await hits('build')).toBe('0/3');
    expect(await hits('build')).toBe('3/3');
    expect(await hits('lint')).toBe('0/1');
    expect(await hits('lint')).toBe('1/1');
    expect(await hits('test')).toBe('3/4');
    expect(await hits('test')).toBe('4/4');

    await workspace.write('packages/domain/src/index.test.ts', 'export {};');
    expect(await hits('build')).toBe('3/3');

    await workspace.write('packages/domain/src/index.ts', 'export const changed = true;');
    expect(await hits('build')).toBe('0/3');
    expect(await hits('lint')).toBe('0/1');
    expect(await hits('test')).toBe('3/4');

    await workspace.write('vitest.config.ts', 'export {};');
    expect(await hits('test')).toBe('3/4');
  });

  it('affected names the projects that depend on a change, and no other', async () => {
    const workspace = await openWorkspace();
    const affected = async (file: string): Promise<string[]> => {
      const output = await workspace.nx('show', 'projects', '--affected', '-t', 'test', `--files=${file}`);
      return output.trim().split('\n').toSorted();
    };
    expect(await affected('packages/logger-pino/src/index.ts')).toEqual(
      expect.arrayContaining(['@org/logger-pino', '@org/mcp-http', '@org/mcp-stdio']),
    );
    expect(await affected('packages/logger-pino/src/index.ts')).not.toContain('@org/store-kysely');
    const all = projectFolders.map((folder) => `@org/${folder.split('/')[1]}`).toSorted();
    expect(await affected('vitest.config.ts')).toEqual(all);
  });

  it('release sets one version in all published packages, moves the changelog and tags', async () => {
    const workspace = await openWorkspace();
    const changelog = '# Changelog\n\n## Unreleased\n\n- A change.\n';
    await workspace.write('CHANGELOG.md', changelog);
    await workspace.commit();

    const dryRun = await workspace.nx('release', '0.2.0', '--first-release', '--skip-publish', '--dry-run');
    expect(dryRun).toContain('UPDATE CHANGELOG.md [dry-run]');
    expect(await workspace.read('CHANGELOG.md')).toBe(changelog);

    await workspace.nx('release', '0.2.0', '--first-release', '--skip-publish');
    const { stdout: changed } = await workspace.git('show', '--format=%s', '--name-only', 'v0.2.0^{commit}');
    const published = projectFolders.filter((folder) => !folder.startsWith('tools/'));
    const manifests = published.map((folder) => `${folder}/package.json`);
    const imageTag = 'deploy/kubernetes/base/kustomization.yaml';
    const [subject, ...files] = changed.trim().split(/\n+/);
    expect(subject).toBe('Release 0.2.0');
    expect(files.toSorted()).toEqual(['CHANGELOG.md', imageTag, ...manifests].toSorted());
    const versions = await Promise.all(
      manifests.map(async (file) => (JSON.parse(await workspace.read(file)) as { version: string }).version),
    );
    expect([...new Set(versions)]).toEqual(['0.2.0']);
    expect(await workspace.read('CHANGELOG.md')).toContain('## Unreleased\n\n## 0.2.0 (');
    expect(await workspace.read(imageTag)).toMatch(/^ *newTag: 0\.2\.0$/m);
  });
});

interface CopiedWorkspace {
  readonly nx: (...args: string[]) => Promise<string>;
  readonly git: (...args: string[]) => Promise<{ stdout: string }>;
  readonly commit: () => Promise<void>;
  readonly read: (file: string) => Promise<string>;
  readonly write: (file: string, text: string) => Promise<void>;
}

/** Opens a copy of this workspace in a git repository. Its targets do nothing, but have the inputs that nx.json says. */
async function openWorkspace(): Promise<CopiedWorkspace> {
  const folder = await copyManifests();
  const program = join(workspaceFolder, 'node_modules/nx/dist/bin/nx.js');
  // Under `nx test`, these variables name the outer workspace.
  const outer = Object.entries(process.env).filter(([name]) => !name.startsWith('NX_'));
  const author = { GIT_AUTHOR_NAME: 'test', GIT_AUTHOR_EMAIL: 'test@localhost' };
  const committer = { GIT_COMMITTER_NAME: 'test', GIT_COMMITTER_EMAIL: 'test@localhost' };
  const env = { ...Object.fromEntries(outer), ...author, ...committer, NX_CACHE_DIRECTORY: join(folder, '.nx/cache') };
  const git = (...args: string[]) => run('git', args, { cwd: folder, env });
  const read = (file: string) => readFile(join(folder, file), 'utf8');
  const write = async (file: string, text: string): Promise<void> => {
    await mkdir(dirname(join(folder, file)), { recursive: true });
    await writeFile(join(folder, file), text);
  };
  const commit = async (): Promise<void> => {
    await git('add', '--all');
    await git('commit', '--quiet', '--message', 'Begin');
  };

  const settings = await readFile(join(workspaceFolder, 'nx.json'), 'utf8');
  await write('nx.json', settings.replaceAll(/"command": "[^"]*"/g, '"command": "true"'));
  for (const file of ['manifest-versions.ts', 'release-changelog.ts']) {
    const path = `tools/workspace/src/${file}`;
    await write(path, await readFile(join(workspaceFolder, path), 'utf8'));
  }
  await git('init', '--quiet', '--initial-branch=main');
  await commit();
  return {
    nx: async (...args) => {
      const { stdout, stderr } = await run(process.execPath, [program, ...args], { cwd: folder, env });
      return stdout + stderr;
    },
    git,
    commit,
    read,
    write,
  };
}
