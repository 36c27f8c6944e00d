import { setTimeout } from 'node:timers/promises';
import { recordedOnce } from './replay.js';
import { isForeignKeyViolation, isUniqueViolation, tooManyConflicts } from '../connection/translate-error.js';

/** A try fails only if another call succeeded in between, so this limit is reached only under extreme contention. */
const maxTries = 20;
/** Number of tries without a pause before them. */
const hastyTries = 3;
const longestPauseMs = 20;

/**
 * Retries an operation until it succeeds or is refused. Each try reads the rows, lets the rules decide, and writes by one
 * statement. The statement changes nothing if the rows have changed since they were read. An attempt returns `undefined`
 * in that case, and after it settled a lapsed lease; the next try reads the rows again.
 *
 * Throws OVERLOADED if every try conflicts, and whatever an attempt throws.
 */
export async function retryOnConflict<Answer>(attempt: () => Promise<Answer | undefined>): Promise<Answer> {
  let conflict: unknown;
  for (let tries = 0; tries < maxTries; tries += 1) {
    if (tries >= hastyTries) await setTimeout(Math.random() * longestPauseMs);
    try {
      const answer = await attempt();
      if (answer !== undefined) return answer;
    } catch (error) {
      // The statement was rolled back. The next try finds the answer that another try of this call recorded, or that the
      // session was deleted.
      if (!isUniqueViolation(error, recordedOnce) && !isForeignKeyViolation(error)) throw error;
      conflict = error;
    }
  }
  throw tooManyConflicts(conflict);
}
