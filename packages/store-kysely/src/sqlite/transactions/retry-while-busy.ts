import { setTimeout } from 'node:timers/promises';
import { isBusy } from '../connection/translate-error.js';

const shortestPauseMs = 1;
const longestPauseMs = 40;

/**
 * Retries until another process has released the lock. SQLite's own wait would block the event loop. The pauses have
 * jitter, so that waiting processes do not retry at the same moment.
 *
 * @param deadlineMs on the scale of `performance.now()`. The first try happens even after it.
 * @throws what `attempt` throws: a busy error at the deadline, any other error at once
 */
export async function retryWhileBusy<T>(attempt: () => T, deadlineMs: number): Promise<T> {
  for (let pauseMs = shortestPauseMs; ; pauseMs = Math.min(2 * pauseMs, longestPauseMs)) {
    try {
      return attempt();
    } catch (error) {
      if (!isBusy(error) || performance.now() >= deadlineMs) throw error;
    }
    await setTimeout(pauseMs * (0.5 + Math.random()));
  }
}
