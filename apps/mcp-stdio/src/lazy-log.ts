import type { CallLogOptions, FaultLog, LoggedCall, Log, Logger, OpenLogOptions } from '@org/logger-pino';

interface OpenedLog extends Log {
  readonly faults: FaultLog;
  readonly logCall: (call: LoggedCall) => void;
}

export interface LazyLog {
  readonly write: (line: (logger: Logger, faults: FaultLog) => void) => void;
  readonly writeCall: (call: LoggedCall) => void;
  /** Resolves with true once every line is written, or with false if some could not be written in time. */
  readonly close: () => Promise<boolean>;
}

/**
 * A log that is loaded for its first line. Most processes write none, and start faster without it. An uncaught exception is
 * the last line, and ends the process.
 */
export function createLazyLog(options: OpenLogOptions, calls: CallLogOptions): LazyLog {
  let opened: Promise<OpenedLog> | undefined;
  const open = async (): Promise<OpenedLog> => {
    const { createCallLog, createFaultLog, openLog } = await import('@org/logger-pino');
    const log = await openLog(options);
    return { ...log, faults: createFaultLog(log.logger), logCall: createCallLog(log.logger, calls) };
  };
  process.on('uncaughtException', (defect) => void (opened ??= open()).then(({ endBy }) => endBy(defect)));
  return {
    write: (line) => void (opened ??= open()).then(({ logger, faults }) => line(logger, faults)),
    writeCall: (call) => void (opened ??= open()).then(({ logCall }) => logCall(call)),
    close: async () => {
      if (opened === undefined) return true;
      const { faults, flush } = await opened;
      faults.close();
      return flush();
    },
  };
}
