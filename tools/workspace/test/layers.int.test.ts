import { existsSync } from 'node:fs';
import { readFile, writeFile } from 'node:fs/promises';
import { join, relative, resolve } from 'node:path';
import { expect, it } from 'vitest';
import { findLayerViolations } from '../src/find-layer-violations.js';
import { projectFolders, workspaceFolder } from '../src/project-folders.js';
import { readProjectGraph } from '../src/read-project-graph.js';
import { copyManifests } from './copy-manifests.js';

it('finds every project of the workspace in a layer and every arrow pointing down', async () => {
  const graph = await readProjectGraph(workspaceFolder);

  // An empty graph has no violations either.
  const found = Object.values(graph.nodes).map((node) => node.data.root);
  expect(found.toSorted()).toEqual(projectFolders);
  expect(found).toContain('packages/domain');

  expect(findLayerViolations(graph)).toEqual([]);
});

it('sees an upward dependency and a sideways devDependency', async () => {
  const copy = await copyManifests();
  await addDependency(join(copy, 'packages/store-kysely'), 'dependencies', '@org/context-store');
  await addDependency(join(copy, 'apps/mcp-stdio'), 'devDependencies', '@org/mcp-http');

  const violations = findLayerViolations(await readProjectGraph(copy));

  expect(violations.toSorted()).toEqual([
    '@org/mcp-stdio (app) may not use @org/mcp-http (app)',
    '@org/store-kysely (adapter) may not use @org/context-store (context-store)',
  ]);
});

it('compiles every project, tests included', async () => {
  const solution = await readJson<Compilation>(join(workspaceFolder, 'tsconfig.json'));

  expect((solution.references ?? []).map(({ path }) => path).toSorted()).toEqual(projectFolders);
});

/** The projects that others can depend on. A project that has tests only has no tsconfig.lib.json. */
const withSource = projectFolders.filter((folder) => existsSync(join(workspaceFolder, folder, 'tsconfig.lib.json')));

it.each(withSource)('lets the compiler reach from %s exactly what its manifest depends on', async (folder) => {
  const manifest = await readJson<Manifest>(join(workspaceFolder, folder, 'package.json'));
  const compilation = await readJson<Compilation>(join(workspaceFolder, folder, 'tsconfig.lib.json'));

  const declared = Object.keys(manifest.dependencies ?? {}).filter((name) => name.startsWith('@org/'));
  const referenced = (compilation.references ?? []).map(({ path }) => {
    const project = relative(workspaceFolder, resolve(workspaceFolder, folder, path, '..'));
    return `@org/${project.split('/')[1]}`;
  });

  expect(referenced.toSorted()).toEqual(declared.toSorted());
});

async function addDependency(folder: string, kind: keyof Manifest, name: string): Promise<void> {
  const file = join(folder, 'package.json');
  const manifest = await readJson<Manifest>(file);
  manifest[kind] = { ...manifest[kind], [name]: 'workspace:*' };
  await writeFile(file, JSON.stringify(manifest));
}

interface Manifest {
  dependencies?: Record<string, string>;
  devDependencies?: Record<string, string>;
}

interface Compilation {
  references?: { path: string }[];
}

async function readJson<T>(file: string): Promise<T> {
  return JSON.parse(await readFile(file, 'utf8')) as T;
}
