import { CommanderError } from 'commander';
import type { CommandContext } from './command-context.js';
import { createProgram } from './create-program.js';
import { failureOf, StoppedError } from './failure.js';

export interface RunOptions extends Omit<CommandContext, 'signal' | 'endsByStop'> {
  readonly version: string;
  /** Resolves with the first stop signal. */
  readonly stopped: Promise<NodeJS.Signals>;
}

/**
 * Runs the program from its command line. Prints errors to stderr, one line for each problem, without a stack.
 * @returns the exit code
 */
export async function runProgram(args: readonly string[], { version, stopped, ...parts }: RunOptions): Promise<number> {
  const controller = new AbortController();
  let isStopExpected = false;
  const endsByStop = (): void => {
    isStopExpected = true;
  };
  const program = createProgram({ ...parts, signal: controller.signal, endsByStop }, version);
  try {
    await Promise.race([program.parseAsync(args, { from: 'user' }), failWhen(stopped, controller)]);
    return 0;
  } catch (error) {
    if (error instanceof CommanderError && error.exitCode === 0) return 0;
    const { exitCode, lines } = failureOf(error);
    const isQuiet = error instanceof StoppedError && isStopExpected;
    if (!isQuiet) for (const line of lines) parts.errors.write(`context-store: ${line}\n`);
    return exitCode;
  }
}

/** Throws on a stop signal. Commands need no clean-up, because they change a database as a whole or not at all. */
async function failWhen(stopped: Promise<NodeJS.Signals>, controller: AbortController): Promise<never> {
  const error = new StoppedError(await stopped);
  controller.abort(error);
  throw error;
}
