import { parseArgs, type ParseArgsConfig } from 'node:util';

/** The command line cannot be understood. The message says why; the usage follows it. */
export class UsageError extends Error {
  override readonly name: string = 'UsageError';
}

/** A measurement needs something that this machine lacks. The message names it, and says how to get it. */
export class MissingService extends Error {
  override readonly name: string = 'MissingService';
}

/** One Ctrl-C under `npm run` arrives twice: from the terminal, and from npm, which passes it on. */
const sameSignalMs = 500;

/**
 * Runs a command, and sets the exit code of the process: what `main` returns, 2 for a `UsageError` or a `MissingService`,
 * 130 if it was stopped. The signal of `main` fires on SIGINT and SIGTERM, and when the output has no reader any more. A
 * second SIGINT ends the process at once, without clean-up.
 */
export async function runCommand(usage: string, main: (signal: AbortSignal) => Promise<number>): Promise<void> {
  const stop = new AbortController();
  let stoppedMs: number | undefined;
  const onSignal = (signal: NodeJS.Signals): void => {
    const nowMs = performance.now();
    if (stoppedMs !== undefined && nowMs - stoppedMs > sameSignalMs) process.exit(130);
    stoppedMs ??= nowMs;
    stop.abort(new Error(signal));
  };
  process.on('SIGINT', onSignal).on('SIGTERM', onSignal);
  for (const stream of [process.stdout, process.stderr]) stream.on('error', (error) => stop.abort(error));
  try {
    const code = await main(stop.signal);
    process.exitCode = stop.signal.aborted ? 130 : code;
  } catch (error) {
    if (stop.signal.aborted) {
      console.error('Stopped before there was anything to report.');
      process.exitCode = 130;
      return;
    }
    const isExpected = error instanceof UsageError || error instanceof MissingService;
    if (!isExpected) throw error;
    console.error(error instanceof UsageError ? `${error.message}\n\n${usage}` : error.message);
    process.exitCode = 2;
  }
}

/** @throws UsageError for an option that does not exist */
export function parseOptions<Options extends NonNullable<ParseArgsConfig['options']>>(
  args: readonly string[],
  options: Options,
): ReturnType<typeof parseArgs<{ args: string[]; options: Options; allowPositionals: true }>> {
  try {
    return parseArgs({ args: [...args], options, allowPositionals: true });
  } catch (error) {
    throw new UsageError((error as Error).message, { cause: error });
  }
}

/** The value of an option as a number above 0. @throws UsageError */
export function numberOf(option: string, text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  const number = Number(text);
  if (!(number > 0 && Number.isFinite(number))) {
    throw new UsageError(`--${option} ${text}: a number above 0 is needed.`);
  }
  return number;
}

/** The value of an option as a whole number from 1. @throws UsageError */
export function wholeNumberOf(option: string, text: string | undefined): number | undefined {
  if (text !== undefined && !/^[1-9]\d*$/.test(text)) {
    throw new UsageError(`--${option} ${text}: a whole number from 1 is needed.`);
  }
  return numberOf(option, text);
}
