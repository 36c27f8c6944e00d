import { execFile } from 'node:child_process';
import { availableParallelism, cpus, release, tmpdir, totalmem, type } from 'node:os';
import { promisify } from 'node:util';

/** The machine and the commit (with `+` if files differ from it), for a report. */
export async function describeMachine(): Promise<Record<string, string>> {
  const commit = await output('git', ['describe', '--always', '--dirty=+']);
  return {
    cpu: cpus()[0]?.model ?? 'unknown',
    cores: String(availableParallelism()),
    memory: `${(totalmem() / 1024 ** 3).toFixed(1)} GiB`,
    system: `${type()} ${release()}`,
    [`storage of ${tmpdir()}`]: (await storageOf(tmpdir())) ?? 'unknown',
    commit: commit?.trim() ?? 'unknown',
    node: process.versions.node,
  };
}

/** The device and file system that a folder lies on. Returns undefined if there is no such folder. */
export async function storageOf(folder: string): Promise<string | undefined> {
  const lines = await output('df', ['--output=source,fstype', folder]);
  return lines?.split('\n')[1]?.replaceAll(/\s+/g, ' ').trim();
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
