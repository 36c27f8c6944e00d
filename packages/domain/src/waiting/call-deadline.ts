import { storeUnavailable, type ContextStoreError } from '../errors.js';

/** How long a call may take. */
export interface CallLimit {
  /** Absent: as long as it likes. */
  readonly callTimeoutMs: number | undefined;
  /** How long it was asked to wait besides. */
  readonly waitMs: number;
  /** Whether something may have been written when the time is up. */
  readonly mayWrite: boolean;
}

/**
 * Runs a call, which is given up when it takes too long. The signal ends its waiting, then or when the caller goes.
 * @throws STORE_UNAVAILABLE at the deadline: what the store was asked by then may still be carried out
 */
export async function withDeadline<T>(
  { callTimeoutMs, waitMs, mayWrite }: CallLimit,
  callerSignal: AbortSignal | undefined,
  run: (signal: AbortSignal | undefined) => Promise<T>,
): Promise<T> {
  if (callTimeoutMs === undefined) return run(callerSignal);
  const ending = new AbortController();
  const end = (): void => ending.abort();
  callerSignal?.addEventListener('abort', end);
  if (callerSignal?.aborted === true) end();
  const { promise: tooLate, reject } = Promise.withResolvers<never>();
  const timer = setTimeout(() => {
    reject(noAnswer(callTimeoutMs, mayWrite));
    end();
  }, callTimeoutMs + waitMs);
  try {
    return await Promise.race([run(ending.signal), tooLate]);
  } finally {
    clearTimeout(timer);
    callerSignal?.removeEventListener('abort', end);
  }
}

function noAnswer(callTimeoutMs: number, mayWrite: boolean): ContextStoreError {
  return storeUnavailable(`The store did not answer within ${callTimeoutMs / 1000} s.`, {
    written: mayWrite ? 'unknown' : 'no',
    details: { callTimeoutMs },
  });
}
