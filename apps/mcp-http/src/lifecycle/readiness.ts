import { ContextStoreError, withoutOutcome, type ContextStore } from '@org/context-store';
import { within } from './within.js';

/** A database that takes longer is as good as away. Whoever asks is told before their own patience, of two seconds or more, ends. */
const patienceMs = 1500;

/**
 * Asks whether the database answers, one question at a time however many ask.
 *
 * @returns what asks: undefined when it does, else why not, for people. It takes less than two seconds, whatever happens.
 */
export function createDatabaseCheck({ ping }: Pick<ContextStore, 'ping'>): () => Promise<string | undefined> {
  let asking: Promise<string | undefined> | undefined;
  return async () => {
    asking ??= problemOf(ping()).finally(() => {
      asking = undefined;
    });
    const answer = asking.then((problem) => ({ problem }));
    const known = await within(answer, patienceMs);
    return known === undefined ? noAnswer : known.problem;
  };
}

const noAnswer = 'The database does not answer.';

async function problemOf(answer: Promise<void>): Promise<string | undefined> {
  try {
    await answer;
    return undefined;
  } catch (error) {
    return error instanceof ContextStoreError ? withoutOutcome(error) : noAnswer;
  }
}
