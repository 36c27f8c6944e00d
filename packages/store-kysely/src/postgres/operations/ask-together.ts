import { setImmediate } from 'node:timers/promises';
import { ContextStoreError, type Origin } from '@org/domain';
import type { GroupCommitOptions } from '../append/group-commit.js';
import { abortable, operationSignal } from '../connection/abortable.js';
import { isStatementFailure } from '../connection/translate-error.js';

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
 * are under way. A question only joins a statement that is sent after it arrived, so its answer is fresh. If a statement
 * fails on its data, each of its questions is asked alone, so that only the invalid one fails.
 *
 * @param ask answers questions in their order
 */
export function askTogether<Question, Answer>(
  ask: (questions: readonly Question[]) => Promise<readonly Answer[]>,
  { flushes, maxWaiting, telemetry }: GroupCommitOptions,
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
        if (waiting.length >= maxWaiting) throw overloaded();
        waiting.push({ question, origin, resolve, reject });
        // A statement serves several calls, so it must not end with the call that started it.
        if (underWay < flushes) void operationSignal.run(undefined, drain);
        return promise;
      },
      () => {
        waiting = waiting.filter((each) => each.resolve !== resolve);
        // A read that was sent already changes nothing, so its caller need not wait for it.
        return true;
      },
    );
  };
}

const overloaded = (): ContextStoreError =>
  new ContextStoreError('OVERLOADED', 'Too many reads are waiting. Wait, then send the same call again.', {
    retryAfterMs: 1000,
  });
