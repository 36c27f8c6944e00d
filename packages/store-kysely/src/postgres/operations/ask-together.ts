import { setImmediate } from 'node:timers/promises';
import type { Origin, Telemetry } from '@org/domain';
import { abortable, operationSignal } from '../connection/abortable.js';
import { isStatementFailure } from '../connection/translate-error.js';

export interface AskTogetherOptions {
  /** How many statements may be under way at once. */
  readonly flushes: number;
  /** Attributes statements to the calls that they serve. */
  readonly telemetry: Pick<Telemetry, 'origin' | 'attribute'>;
}

/** The maximum number of questions in one statement. */
const maxQuestions = 64;

interface WaitingQuestion<Question, Answer> {
  readonly question: Question;
  readonly origin: Origin;
  readonly resolve: (answer: Answer) => void;
  readonly reject: (error: unknown) => void;
}

/**
 * Asks questions of several calls in one statement: those that arrive in one turn of the event loop, or while statements
 * are under way. A question never joins a statement that was sent before it arrived, so its answer is fresh. If a
 * statement fails on its data, each of its questions is asked alone, so that only the invalid one fails.
 *
 * @param ask answers questions in their order
 */
export function askTogether<Question, Answer>(
  ask: (questions: readonly Question[]) => Promise<readonly Answer[]>,
  { flushes, telemetry }: AskTogetherOptions,
): (question: Question) => Promise<Answer> {
  let waiting: WaitingQuestion<Question, Answer>[] = [];
  let underWay = 0;

  async function drain(): Promise<void> {
    underWay += 1;
    // Questions that arrive in the same turn of the event loop join the statement.
    for (await setImmediate(); waiting.length > 0; await setImmediate()) {
      await send(waiting.splice(0, maxQuestions));
    }
    underWay -= 1;
  }

  async function send(asked: readonly WaitingQuestion<Question, Answer>[]): Promise<void> {
    try {
      const answers = await telemetry.attribute(asked, () => ask(asked.map(({ question }) => question)));
      for (const [index, { resolve }] of asked.entries()) resolve(answers[index] as Answer);
    } catch (error) {
      if (asked.length > 1 && isStatementFailure(error)) for (const each of asked) await send([each]);
      else for (const { reject } of asked) reject(error);
    }
  }

  return (question) => {
    const { promise, resolve, reject } = Promise.withResolvers<Answer>();
    const origin = telemetry.origin();
    return abortable(
      () => {
        waiting.push({ question, origin, resolve, reject });
        // A statement serves several calls, so it must not end with the call that started it.
        if (underWay < flushes) void operationSignal.run(undefined, drain);
        return promise;
      },
      () => {
        const left = waiting.filter((each) => each.resolve !== resolve);
        const isWithdrawn = left.length < waiting.length;
        waiting = left;
        return isWithdrawn;
      },
    );
  };
}
