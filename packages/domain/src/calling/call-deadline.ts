import { storeUnavailable, type ContextStoreError } from '../errors.js';

export interface CallLimit {
  /** How long the call may take, on top of `waitMs`. Default: no limit. */
  readonly callTimeoutMs: number | undefined;
  /** How long the caller asked to wait for offers. */
  readonly waitMs: number;
  /** Whether the call may have written when its time is up. */
  readonly mayWrite: boolean;
}

/**
 * Runs a call until its deadline. The signal that `run` gets aborts at the deadline, or when the caller's does.
 * @throws STORE_UNAVAILABLE (the deadline passed; statements that were sent by then may still be carried out)
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
