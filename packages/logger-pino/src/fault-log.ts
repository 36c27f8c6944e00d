import { ContextStoreError, type ErrorCode } from '@org/domain';
import type { Logger } from 'pino';

/** The call that failed. */
export interface Fault {
  readonly requestId: string;
  readonly tool?: string | undefined;
  /** The trace that the call is part of. */
  readonly traceId?: string | undefined;
  /** The credential that was sent, without its secret. */
  readonly credential?: string | undefined;
  /** The address of the client. */
  readonly address?: string | undefined;
}

export interface FaultLog {
  readonly report: (thrown: unknown, fault: Fault) => void;
  /** Logs how many faults were left out so far. */
  readonly close: () => void;
}

const linesPerSecond = 10;

/**
 * Logs faults with their causes. While a database is away, every call fails. So the first ten faults of a code within a
 * second have a line each, and the others one line together.
 */
export function createFaultLog(logger: Logger): FaultLog {
  const counts = new Map<ErrorCode, number>();
  let timer: NodeJS.Timeout | undefined;

  const endSecond = (): void => {
    clearTimeout(timer);
    timer = undefined;
    for (const [code, count] of counts) {
      const leftOut = count - linesPerSecond;
      if (leftOut > 0) logger[levelOf(code)]({ code, leftOut }, 'More of the same fault within a second');
    }
    counts.clear();
  };

  return {
    report: (thrown, { requestId, tool, traceId, credential, address }) => {
      const error = thrown instanceof ContextStoreError ? thrown : undefined;
      const code = error?.code ?? 'INTERNAL_ERROR';
      const count = (counts.get(code) ?? 0) + 1;
      counts.set(code, count);
      timer ??= setTimeout(endSecond, 1000).unref();
      if (count > linesPerSecond) return;
      const message = error?.message ?? 'Something went wrong inside the server';
      logger[levelOf(code)](
        { requestId, tool, traceId, credential, address, code, err: causeOf(code, thrown) },
        message,
      );
    },
    close: endSecond,
  };
}

/** Faults without a cause inside this process. Their stack says nothing, so it is left out. */
const warnings: ReadonlySet<ErrorCode> = new Set(['OVERLOADED', 'UNAUTHORIZED', 'FORBIDDEN']);

const causeOf = (code: ErrorCode, thrown: unknown): unknown =>
  (thrown as { readonly cause?: unknown } | undefined)?.cause ?? (warnings.has(code) ? undefined : thrown);

const levelOf = (code: ErrorCode): 'warn' | 'error' => (warnings.has(code) ? 'warn' : 'error');
