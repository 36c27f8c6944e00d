import { execFile } from 'node:child_process';
import { cp, mkdir, readdir, readFile, symlink, writeFile } from 'node:fs/promises';
import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { projectFolders, workspaceFolder } from '@org/workspace/project-folders';

const run = promisify(execFile);
const rootFiles = [
  'package.json',
  'pnpm-workspace.yaml',
  'pnpm-lock.yaml',
  'nx.json',
  'tsconfig.base.json',
  '.gitignore',
  'LICENSE',
  'CHANGELOG.md',
  'deploy/kubernetes/base/kustomization.yaml',
  'rolldown.program.ts',
];

/** Copies the built workspace to a folder, as a git repository. Its builds do nothing: they are done. */
export async function copyBuiltWorkspace(folder: string): Promise<void> {
  const copy = async (path: string): Promise<void> => {
    if (!existsSync(join(workspaceFolder, path))) return;
    await mkdir(dirname(join(folder, path)), { recursive: true });
    await cp(join(workspaceFolder, path), join(folder, path), { recursive: true });
  };
  const parts = projectFolders.flatMap((project) =>
    ['package.json', 'README.md', 'dist'].map((part) => join(project, part)),
  );
  await Promise.all([...rootFiles, ...parts, 'tools/release/src', 'tools/workspace/src'].map(copy));
  for (const project of ['', ...projectFolders]) {
    const modules = join(project, 'node_modules');
    if (existsSync(join(workspaceFolder, modules)))
      await symlink(join(workspaceFolder, modules), join(folder, modules));
  }
  await replaceBuilds(folder);
  const author = ['-c', 'user.name=test', '-c', 'user.email=test@localhost'];
  await run('git', ['init', '--quiet', '--initial-branch=main'], { cwd: folder });
  await run('git', ['add', '--all'], { cwd: folder });
  await run('git', [...author, 'commit', '--quiet', '--message', 'Begin'], { cwd: folder });
}

async function replaceBuilds(folder: string): Promise<void> {
  const projects = await Promise.all(
    ['packages', 'apps', 'tools'].map(async (group) =>
      (await readdir(join(folder, group))).map((name) => join(group, name)),
    ),
  );
  const manifests = projects.flat().map((project) => join(folder, project, 'package.json'));
  for (const file of [join(folder, 'nx.json'), ...manifests]) {
    const text = await readFile(file, 'utf8');
    await writeFile(file, text.replaceAll(/"command": "tsc [^"]*"/g, '"command": "true"'));
  }
}
