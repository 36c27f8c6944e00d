import { setTimeout } from 'node:timers/promises';
import { recordedOnce } from './replay.js';
import { isForeignKeyViolation, isUniqueViolation, tooManyConflicts } from '../connection/translate-error.js';

/** Each try fails only because another call succeeded in between: so many are a stampede. */
const maxTries = 20;
/** Tries that go without a pause before them. */
const hastyTries = 3;
const longestPauseMs = 20;

/**
 * Runs an operation until it is answered, or refused. One try reads what the rules ask for, lets them decide, and then
 * writes by one statement, which changes nothing unless all that was decided on is still so. It answers `undefined` when
 * something was not, or when there was a lapsed lease to settle first: the next try looks anew.
 *
 * @throws OVERLOADED when others get ahead of every try; whatever a try throws
 */
export async function retryOnConflict<Answer>(attempt: () => Promise<Answer | undefined>): Promise<Answer> {
  let conflict: unknown;
  for (let tries = 0; tries < maxTries; tries += 1) {
    if (tries >= hastyTries) await setTimeout(Math.random() * longestPauseMs);
    try {
      const answer = await attempt();
      if (answer !== undefined) return answer;
    } catch (error) {
      // The statement was undone as a whole, and another look will find what another try of this call recorded, or that the
      // session is gone.
      if (!isUniqueViolation(error, recordedOnce) && !isForeignKeyViolation(error)) throw error;
      conflict = error;
    }
  }
  throw tooManyConflicts(conflict);
}
