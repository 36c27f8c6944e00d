import { execFile } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { availableParallelism, cpus, release, tmpdir, totalmem, type } from 'node:os';
import { promisify } from 'node:util';

/** The machine of this process, for a report. */
export async function describeMachine(): Promise<Record<string, string>> {
  return {
    cpu: cpus()[0]?.model ?? 'unknown',
    cores: String(availableParallelism()),
    memory: `${(totalmem() / 1024 ** 3).toFixed(1)} GiB`,
    system: `${type()} ${release()}`,
    [`storage of ${tmpdir()}`]: (await storageOf(tmpdir())) ?? 'unknown',
  };
}

/** The device and file system that a folder lies on. Returns undefined if there is no such folder. */
export async function storageOf(folder: string): Promise<string | undefined> {
  const lines = await output('df', ['--output=source,fstype', folder]);
  return lines?.split('\n')[1]?.replaceAll(/\s+/g, ' ').trim();
}

/** The packages that decide the speed, by the package that depends on them. */
const packages = {
  pg: 'store-kysely',
  'better-sqlite3': 'store-kysely',
  zod: 'domain',
  '@modelcontextprotocol/server': 'mcp',
};

/** The commit (with `+` if files differ from it), and the versions of what decides the speed. */
export async function describeVersions(): Promise<Record<string, string>> {
  const commit = await output('git', ['describe', '--always', '--dirty=+']);
  return {
    commit: commit?.trim() ?? 'unknown',
    node: process.versions.node,
    ...Object.fromEntries(Object.entries(packages).map(([name, owner]) => [name, packageVersion(name, owner)])),
  };
}

function packageVersion(name: string, owner: string): string {
  const manifest = new URL(`../../../packages/${owner}/node_modules/${name}/package.json`, import.meta.url);
  return (JSON.parse(readFileSync(manifest, 'utf8')) as { version: string }).version;
}

/** What a program prints. Returns undefined if it is not installed or fails. */
async function output(program: string, args: readonly string[]): Promise<string | undefined> {
  try {
    return (await promisify(execFile)(program, args, { cwd: import.meta.dirname })).stdout;
  } catch {
    return undefined;
  }
}

/** Facts in one line. */
export const describeFacts = (facts: Readonly<Record<string, string>>): string =>
  Object.entries(facts)
    .map(([name, value]) => `${name} ${value}`)
    .join(' · ');
