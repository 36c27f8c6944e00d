import { execFile } from 'node:child_process';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import type { ProjectDependency, ProjectGraph } from './find-layer-violations.js';

interface Manifest {
  readonly dependencies?: Readonly<Record<string, string>>;
  readonly devDependencies?: Readonly<Record<string, string>>;
}

/**
 * Returns Nx's project graph of a workspace, and marks the dependencies that only tests can import. The workspace needs a
 * `node_modules` that contains Nx.
 *
 * The dependencies come from the manifests. That is enough: pnpm and the compiler refuse imports that no manifest
 * declares, and project references refuse imports of devDependencies outside of tests.
 *
 * @throws if a declared dependency is missing, because Nx exits with 0 and a partial graph after some errors
 */
export async function readProjectGraph(workspaceFolder: string): Promise<ProjectGraph> {
  const { nodes, dependencies } = await runNxGraph(workspaceFolder);
  const marked = await Promise.all(
    Object.entries(nodes).map(async ([name, node]) => {
      const manifest = await readManifest(join(workspaceFolder, node.data.root));
      const drawn = dependencies[name] ?? [];
      for (const declared of Object.keys({ ...manifest.dependencies, ...manifest.devDependencies })) {
        if (declared in nodes && !drawn.some(({ target }) => target === declared)) {
          throw new Error(`Nx drew no arrow from ${name} to ${declared}: run 'nx graph' to see why`);
        }
      }
      return [name, drawn.map((dependency) => markTestOnly(dependency, manifest))] as const;
    }),
  );
  return { nodes, dependencies: Object.fromEntries(marked) };
}

async function runNxGraph(workspaceFolder: string): Promise<ProjectGraph> {
  const scratch = await mkdtemp(join(tmpdir(), 'project-graph-'));
  try {
    const file = join(scratch, 'graph.json');
    const nx = join(workspaceFolder, 'node_modules/nx/dist/bin/nx.js');
    await promisify(execFile)(process.execPath, [nx, 'graph', `--file=${file}`], {
      cwd: workspaceFolder,
      env: withoutNxVariables(process.env),
    });
    const { graph } = JSON.parse(await readFile(file, 'utf8')) as { graph: ProjectGraph };
    return graph;
  } finally {
    await rm(scratch, { recursive: true });
  }
}

/** Under `nx test`, these variables name the outer workspace, and Nx would read that one. */
function withoutNxVariables(env: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  return Object.fromEntries(Object.entries(env).filter(([name]) => !name.startsWith('NX_')));
}

async function readManifest(folder: string): Promise<Manifest> {
  return JSON.parse(await readFile(join(folder, 'package.json'), 'utf8')) as Manifest;
}

function markTestOnly(dependency: ProjectDependency, manifest: Manifest): ProjectDependency {
  const { dependencies = {}, devDependencies = {} } = manifest;
  return { ...dependency, testOnly: dependency.target in devDependencies && !(dependency.target in dependencies) };
}
