import { isContextStoreError, type ContextStoreError } from '../errors.js';
import { pause } from './pause.js';

const firstMs = 100;
const longestMs = 10_000;

/** Pauses between the tries of something that fails for a while. */
export interface Backoff {
  /**
   * Waits longer after each failure: up to 10 s, and at least as long as the error asks for. Ends early when a signal
   * aborts. The time is random, so that processes that failed together do not come back together.
   */
  readonly pause: (error: ContextStoreError) => Promise<void>;
  /** Starts again with short pauses, after a success. */
  readonly reset: () => void;
}

export function createBackoff(endings: readonly (AbortSignal | undefined)[]): Backoff {
  let failures = 0;
  return {
    pause: (error) => {
      const atLeastMs = isContextStoreError(error, 'OVERLOADED', 'RATE_LIMITED') ? error.details.retryAfterMs : 0;
      const stepMs = Math.min(longestMs, firstMs * 2 ** failures);
      failures += 1;
      return pause(Math.max(atLeastMs, stepMs * (0.5 + Math.random() / 2)), endings);
    },
    reset: () => {
      failures = 0;
    },
  };
}

/** Whether the same call may succeed when it is sent again. */
export const isRetryable = (error: unknown): error is ContextStoreError =>
  isContextStoreError(error) && error.retryable;
