import { cancelled, ContextStoreError, contextStoreClosed, errorFrom, isContextStoreError } from '../errors.js';
import { withDeadline, type CallLimit } from './call-deadline.js';

/** Returns another wording of a message. */
export type Rephrase = (message: string) => string;

/** Returns the error with a message in other words. */
export function rephrased(error: ContextStoreError, rephrase: Rephrase): ContextStoreError {
  const message = rephrase(error.message);
  if (message === error.message) return error;
  return errorFrom({ ...error.toJSON(), message }, error.cause);
}

/** Runs the calls of one context store. */
export interface Calls {
  /**
   * Runs a call until its deadline. The signal that `run` gets aborts at the deadline, or when the caller's does.
   *
   * A call whose signal has aborted does nothing. If the signal aborts later, what has been sent to the store is still
   * carried out: a writing call then answers, and a reading call throws CANCELLED.
   *
   * @throws CANCELLED (the caller's signal aborted), STORE_CLOSED, INTERNAL_ERROR (in place of every error but a
   * `ContextStoreError`, so that callers see no internals), and what the call throws
   */
  readonly run: <T>(
    limit: Omit<CallLimit, 'callTimeoutMs'>,
    callerSignal: AbortSignal | undefined,
    run: (signal: AbortSignal | undefined) => Promise<T>,
  ) => Promise<T>;
  /** @throws STORE_CLOSED */
  readonly requireOpen: () => void;
  /** Aborts when the store is closed. */
  readonly closing: AbortSignal;
  /** From now on, calls throw STORE_CLOSED instead of a STORE_UNAVAILABLE that no retry on this store can mend. */
  readonly close: () => void;
}

export function createCalls(callTimeoutMs: number | undefined, rephrase: Rephrase | undefined): Calls {
  const ending = new AbortController();
  const closing = ending.signal;
  const requireOpen = (): void => {
    if (closing.aborted) throw contextStoreClosed('no');
  };
  return {
    run: async (limit, callerSignal, run) => {
      requireOpen();
      refuseAborted(callerSignal);
      try {
        const answer = await withDeadline({ ...limit, callTimeoutMs }, callerSignal, run);
        if (!limit.mayWrite) refuseAborted(callerSignal);
        return answer;
      } catch (error) {
        const known = closing.aborted ? ofClosedStore(error) : withoutInternals(error);
        throw rephrase === undefined ? known : rephrased(known, rephrase);
      }
    },
    requireOpen,
    closing,
    close: () => ending.abort(),
  };
}

function refuseAborted(signal: AbortSignal | undefined): void {
  if (signal?.aborted === true) throw cancelled(signal.reason);
}

/**
 * Awaits a call. If it was given up because the caller's signal aborted, throws the reason of the signal instead of
 * CANCELLED, as the functions of Node.js do.
 */
export async function orReasonOf<T>(signal: AbortSignal | undefined, call: Promise<T>): Promise<T> {
  try {
    return await call;
  } catch (error) {
    if (signal?.aborted === true && isContextStoreError(error, 'CANCELLED')) throw signal.reason;
    throw error;
  }
}

function ofClosedStore(error: unknown): ContextStoreError {
  if (!isContextStoreError(error, 'STORE_UNAVAILABLE')) return withoutInternals(error);
  return contextStoreClosed(error.details.written, error);
}

function withoutInternals(error: unknown): ContextStoreError {
  if (error instanceof ContextStoreError) return error;
  return new ContextStoreError(
    'INTERNAL_ERROR',
    'Something went wrong inside the context store. Nothing was acknowledged; please report it.',
    {},
    { cause: error },
  );
}
