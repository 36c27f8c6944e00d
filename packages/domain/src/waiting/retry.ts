import { createBackoff, isRetryable } from './backoff.js';

export interface RetryOptions {
  /** No call is sent again once one of these has aborted. */
  readonly endings: readonly (AbortSignal | undefined)[];
  /** Called with each error before the call is sent again. */
  readonly onRetry: (error: unknown) => void;
}

/** Sends a call until it succeeds, or fails for good. @throws what the last call throws */
export async function retry<T>(call: () => Promise<T>, { endings, onRetry }: RetryOptions): Promise<T> {
  const backoff = createBackoff(endings);
  for (;;) {
    try {
      return await call();
    } catch (error) {
      if (!isRetryable(error) || endings.some((ending) => ending?.aborted === true)) throw error;
      onRetry(error);
      await backoff.pause(error);
    }
  }
}
