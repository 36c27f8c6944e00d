import { pino, stdTimeFunctions, type LevelWithSilent, type Logger } from 'pino';
import { boundedLines } from './bounded-lines.js';
import { describeError } from './describe-error.js';
import { maskSecrets } from './mask-secrets.js';

export type { Logger } from 'pino';

export interface OpenLogOptions {
  /** The program, as `service` in every line. */
  readonly service: string;
  /** What is less severe is left out. */
  readonly level: LevelWithSilent;
}

export interface Log {
  readonly logger: Logger;
  /** Resolves when every line is written, or after a second: whether all were. */
  readonly flush: () => Promise<boolean>;
  /** Logs what nobody caught, and ends the process: Node.js would print all that a driver hung on it. */
  readonly endBy: (defect: unknown) => Promise<never>;
}

const flushWithinMs = 1000;

/**
 * The log of a process: one JSON object per line on standard error, or lines for people where that is a terminal. A reader
 * that stops to read costs lines, and nothing else.
 */
export async function openLog({ service, level }: OpenLogOptions): Promise<Log> {
  const { stderr } = process;
  const format = stderr.isTTY ? await lineForPeople(stderr.hasColors()) : maskSecrets;
  const { write, flush } = boundedLines(stderr, {
    onResume: (leftOut) =>
      logger.warn({ leftOut }, 'Lines of the log are missing: nobody read standard error for a while'),
  });
  const logger = pino(
    {
      level,
      base: { service, pid: process.pid },
      timestamp: stdTimeFunctions.isoTime,
      formatters: { level: (label) => ({ level: label }) },
      serializers: { err: describeError },
    },
    { write: (line) => write(format(line)) },
  );
  return {
    logger,
    flush: () => flush(flushWithinMs),
    endBy: async (defect) => {
      logger.fatal({ err: defect }, 'A defect ends the process');
      await flush(flushWithinMs);
      process.exit(1);
    },
  };
}

/** Loaded where it is used: only a terminal pays for it. */
async function lineForPeople(colorize: boolean): Promise<(line: string) => string> {
  const { prettyFactory } = await import('pino-pretty');
  const pretty = prettyFactory({ colorize, translateTime: 'SYS:HH:MM:ss', ignore: 'pid,service', singleLine: true });
  return (line) => pretty(maskSecrets(line));
}
