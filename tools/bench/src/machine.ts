import { execFile } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { availableParallelism, cpus, release, tmpdir, totalmem, type } from 'node:os';
import { promisify } from 'node:util';

/** What it ran on. */
export async function describeMachine(): Promise<Record<string, string>> {
  return {
    cpu: cpus()[0]?.model ?? 'unknown',
    cores: String(availableParallelism()),
    memory: `${(totalmem() / 1024 ** 3).toFixed(1)} GiB`,
    system: `${type()} ${release()}`,
    [`storage of ${tmpdir()}`]: (await storageOf(tmpdir())) ?? 'unknown',
  };
}

/** The device and file system that a folder lies on; undefined: it is not on this machine. */
export async function storageOf(folder: string): Promise<string | undefined> {
  const lines = await output('df', ['--output=source,fstype', folder]);
  return lines?.split('\n')[1]?.replaceAll(/\s+/g, ' ').trim();
}

/** What ran: the commit with `+` when files differ from it. */
export async function describeVersions(): Promise<Record<string, string>> {
  const packages = ['pg', 'better-sqlite3', 'zod', '@modelcontextprotocol/server'];
  const commit = await output('git', ['describe', '--always', '--dirty=+']);
  return {
    commit: commit?.trim() ?? 'unknown',
    node: process.versions.node,
    ...Object.fromEntries(packages.map((name) => [name, packageVersion(name)])),
  };
}

function packageVersion(name: string): string {
  const require = createRequire(import.meta.url);
  const manifests = (require.resolve.paths(name) ?? []).map((folder) => `${folder}/${name}/package.json`);
  for (const manifest of manifests) {
    try {
      return (JSON.parse(readFileSync(manifest, 'utf8')) as { version: string }).version;
    } catch {
      // It lies in another of the folders.
    }
  }
  return 'unknown';
}

/** What a program prints; undefined when it is not there or fails. */
async function output(program: string, args: readonly string[]): Promise<string | undefined> {
  try {
    return (await promisify(execFile)(program, args, { cwd: import.meta.dirname })).stdout;
  } catch {
    return undefined;
  }
}
