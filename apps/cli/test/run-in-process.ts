import { PassThrough, Readable } from 'node:stream';
import { text } from 'node:stream/consumers';
import { createOutput } from '../src/output/output.js';
import { runProgram } from '../src/run-program.js';
import { createTargetOpener } from '../src/targets/open-target.js';
import type { Env } from '../src/command-context.js';

export interface Ran {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

export interface RunInProcess {
  readonly env: Env;
  /** The standard input. Default: empty. */
  readonly input?: string | Buffer;
  /** Makes the standard streams a terminal of this width. Default: they are pipes. */
  readonly columns?: number;
  /** Receives what is printed, as it is. */
  readonly onPrint?: (printed: string) => void;
  readonly stopped?: Promise<NodeJS.Signals>;
}

const version = '1.2.3';
const never = new Promise<NodeJS.Signals>(() => {});

/** Runs a command to its end in this process, which is faster than a process for each. */
export async function runInProcess(
  args: readonly string[],
  { env, input = '', columns, onPrint, stopped = never }: RunInProcess,
): Promise<Ran> {
  const terminal = columns === undefined ? {} : { isTTY: true, columns };
  const [stdout, stderr] = [new PassThrough(), new PassThrough()].map((stream) => Object.assign(stream, terminal));
  if (stdout === undefined || stderr === undefined) throw new Error('two streams');
  const printed = Promise.all([text(stdout), text(stderr)]);
  if (onPrint !== undefined) stdout.on('data', (chunk) => onPrint(String(chunk)));
  const code = await runProgram(args, {
    version,
    env,
    input: Object.assign(Readable.from([Buffer.from(input)]), terminal),
    output: createOutput(stdout),
    errors: stderr,
    ...createTargetOpener({ env, errors: stderr, version }),
    stopped,
  });
  stdout.end();
  stderr.end();
  const [out, errors] = await printed;
  return { code, stdout: out, stderr: errors };
}
