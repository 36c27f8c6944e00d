import { execFile, type ChildProcess } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

const main = fileURLToPath(new URL('../dist/main.js', import.meta.url));

export interface Finished {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

export interface RunningBench {
  readonly child: ChildProcess;
  readonly finished: Promise<Finished>;
}

/** @param folder for its temporary files */
export function startBench(folder: string, ...args: string[]): RunningBench {
  const run = promisify(execFile)(process.execPath, [main, ...args], { env: { ...process.env, TMPDIR: folder } });
  const finished = run.then(
    (output) => ({ code: 0, ...output }),
    (error: Finished) => error,
  );
  return { child: run.child, finished };
}

/** All rows, in the order of a full run. */
export const rowNames: readonly string[] = [
  'append-postgres',
  'http-postgres',
  'stdio-sqlite',
  'start-stdio',
  'import',
  'growth',
  'cache',
];
