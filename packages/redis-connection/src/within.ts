import { setImmediate as turn, setTimeout as sleep } from 'node:timers/promises';

/**
 * Waits for an answer, but no longer than `limitMs` milliseconds. A late answer is ignored, and so is a late failure.
 * @throws Error when the time is up, or the error of `answer` before that
 */
export async function within<T>(limitMs: number, answer: Promise<T>): Promise<T> {
  const timer = new AbortController();
  answer.catch(() => undefined);
  const tooLate = sleep(limitMs, undefined, { signal: timer.signal }).then(async () => {
    // A busy process runs an overdue timer before it reads the socket: an answer that has arrived still counts.
    await turn();
    throw new Error(`no answer within ${limitMs} ms`);
  });
  tooLate.catch(() => undefined);
  try {
    return await Promise.race([answer, tooLate]);
  } finally {
    timer.abort();
  }
}
