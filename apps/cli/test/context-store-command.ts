import { spawn, type ChildProcessWithoutNullStreams } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';

const program = join(import.meta.dirname, '..', 'dist', 'main.js');

type Env = Readonly<Record<string, string>>;

/** Starts `context-store`. */
export const startContextStore = (args: readonly string[], env: Env = {}): ChildProcessWithoutNullStreams =>
  spawn(process.execPath, [program, ...args], { env: { PATH: process.env['PATH'], ...env } });

/** Waits until a process has ended. */
export async function endOf(
  child: ChildProcessWithoutNullStreams,
): Promise<{ readonly code: number | null; readonly stderr: string }> {
  let stderr = '';
  child.stderr.on('data', (chunk) => (stderr += String(chunk)));
  const [code] = (await once(child, 'close')) as [number | null];
  return { code, stderr };
}

/** Runs `context-store` to its end. */
export async function runContextStore(
  args: readonly string[],
  env: Env = {},
): Promise<{ code: number | null; stdout: string; stderr: string }> {
  const child = startContextStore(args, env);
  let stdout = '';
  child.stdout.on('data', (chunk) => (stdout += String(chunk)));
  const end = await endOf(child);
  return { ...end, stdout };
}
