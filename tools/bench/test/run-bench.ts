import { execFile, type ChildProcess } from 'node:child_process';
import { fileURLToPath } from 'node:url';

const main = fileURLToPath(new URL('../dist/main.js', import.meta.url));

export interface Finished {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** Starts the command. @param folder for its temporary files */
export function startBench(folder: string, ...args: string[]): { child: ChildProcess; finished: Promise<Finished> } {
  const { promise, resolve } = Promise.withResolvers<Finished>();
  const env = { ...process.env, TMPDIR: folder };
  const child = execFile(process.execPath, [main, ...args], { env }, (_error, stdout, stderr) =>
    resolve({ code: child.exitCode, stdout, stderr }),
  );
  return { child, finished: promise };
}
