import type { FaultLog, Log, Logger, OpenLogOptions } from '@org/logger-pino';

interface OpenedLog extends Log {
  readonly faults: FaultLog;
}

export interface LateLog {
  readonly write: (line: (logger: Logger, faults: FaultLog) => void) => void;
  /** Resolves when every line is written, or given up: whether all were. */
  readonly close: () => Promise<boolean>;
}

/**
 * A log that is loaded when it gets its first line: most processes write none, and start sooner without it. What nobody
 * catches becomes its last line.
 */
export function createLateLog(options: OpenLogOptions): LateLog {
  let opened: Promise<OpenedLog> | undefined;
  const open = async (): Promise<OpenedLog> => {
    const { createFaultLog, openLog } = await import('@org/logger-pino');
    const log = await openLog(options);
    return { ...log, faults: createFaultLog(log.logger) };
  };
  process.on('uncaughtException', (defect) => void (opened ??= open()).then(({ endBy }) => endBy(defect)));
  return {
    write: (line) => void (opened ??= open()).then(({ logger, faults }) => line(logger, faults)),
    close: async () => {
      if (opened === undefined) return true;
      const { faults, flush } = await opened;
      faults.close();
      return flush();
    },
  };
}
