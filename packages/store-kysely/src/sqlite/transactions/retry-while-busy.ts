import { setTimeout } from 'node:timers/promises';
import { isBusy } from '../connection/translate-error.js';

const shortestPauseMs = 1;
const longestPauseMs = 40;

/**
 * Tries until another process has given up the lock. SQLite's own waiting would block the event loop; this waits beside
 * it, with jitter, so that waiting processes don't step on each other's feet.
 *
 * @param deadlineMs on the scale of `performance.now()`. The first try happens whatever it says.
 * @throws what `attempt` throws: at once when it isn't a busy error, else at the deadline
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
