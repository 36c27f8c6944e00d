import { pino, stdTimeFunctions, type LevelWithSilent, type Logger } from 'pino';
import { boundedLines } from './bounded-lines.js';
import { describeError } from './describe-error.js';
import { maskSecrets } from './mask-secrets.js';

export type { Logger } from 'pino';

export interface OpenLogOptions {
  /** The name of the program: `service` in every line. */
  readonly service: string;
  /** Less severe lines are left out. */
  readonly level: LevelWithSilent;
}

export interface Log {
  readonly logger: Logger;
  /** Waits until every line is written, for at most a second. Returns false if the time was up. */
  readonly flush: () => Promise<boolean>;
  /** Logs an uncaught error and ends the process. Node.js would print everything that a driver added to the error. */
  readonly endBy: (defect: unknown) => Promise<never>;
}

const flushWithinMs = 1000;

/**
 * Opens the log of a process: one JSON object per line on standard error, or lines for people if that is a terminal. If its
 * reader stops reading, lines are left out and nothing else happens.
 */
export async function openLog({ service, level }: OpenLogOptions): Promise<Log> {
  const { stderr } = process;
  const format = stderr.isTTY ? await lineForPeople(stderr.hasColors()) : maskSecrets;
  const { write, flush } = boundedLines(stderr, {
    // At every level: the lines of the audit trail do not depend on it.
    onResume: (leftOut) =>
      logger
        .child({}, { level: 'warn' })
        .warn({ leftOut }, 'Lines of the log are missing: standard error was not read for a while'),
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

/** Loads the formatter only for a terminal, since loading takes time. */
async function lineForPeople(colorize: boolean): Promise<(line: string) => string> {
  const { prettyFactory } = await import('pino-pretty');
  const pretty = prettyFactory({ colorize, translateTime: 'SYS:HH:MM:ss', ignore: 'pid,service', singleLine: true });
  return (line) => pretty(maskSecrets(line));
}
