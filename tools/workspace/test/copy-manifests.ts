import { cp, mkdtemp, rm, symlink } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';
import { projectFolders, workspaceFolder } from '../src/project-folders.js';

/** Copies what Nx reads of this workspace, without sources, to a temporary folder. It is removed after the test. */
export async function copyManifests(): Promise<string> {
  const copy = await mkdtemp(join(tmpdir(), 'workspace-copy-'));
  onTestFinished(() => rm(copy, { recursive: true }));
  const rootFiles = [
    'package.json',
    'pnpm-workspace.yaml',
    'pnpm-lock.yaml',
    'nx.json',
    'tsconfig.base.json',
    '.gitignore',
    'deploy/kubernetes/base/kustomization.yaml',
  ];
  const manifests = projectFolders.map((folder) => join(folder, 'package.json'));
  await Promise.all([...rootFiles, ...manifests].map((file) => cp(join(workspaceFolder, file), join(copy, file))));
  await symlink(join(workspaceFolder, 'node_modules'), join(copy, 'node_modules'));
  return copy;
}
