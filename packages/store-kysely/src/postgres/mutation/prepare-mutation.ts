import type { ContextStoreError, Replayable, SessionRecord } from '@org/domain';
import { prepareSettleLease } from '../leases/settle-lease.js';
import type { Operation } from '../operations/operation.js';
import { sessionRecord } from '../rows/session-row.js';
import type { Database } from '../statements/database.js';
import type { Rows, SessionSubject, Situation } from './read-situation.js';
import { keyArguments, replay, type KeyArguments, type MutationRequest } from './replay.js';
import { retryOnConflict } from './retry-on-conflict.js';

/** What the rules decide on: the rows that the request names, at the moment when they were read. */
export type Decision<Subject> = Subject & {
  /** The session of the rows. */
  readonly record: SessionRecord;
  readonly observedAtMs: number;
};

/** What a mutation's statement returns. */
export interface Written<Answer> {
  readonly response: Answer;
  /** Default: false. */
  readonly replayed?: boolean;
}

/** How one mutation differs from the others. */
export interface MutationSteps<Request extends MutationRequest, Subject extends SessionSubject, Answer, Result> {
  /** The session that is part of the scope of the idempotency key. Default: none. */
  readonly keyScope?: (request: Request) => string;
  /**
   * Writes at once. For mutations that are seldom refused: the other steps run only if it returns undefined, having
   * changed nothing. Default: the other steps run.
   */
  readonly attempt?: (request: Request, key: KeyArguments) => Promise<Written<Answer> | undefined>;
  /** Reads the recorded answer and the rows that the request names, by one statement. */
  readonly read: (request: Request, key: KeyArguments) => Promise<Situation<Subject, Answer>>;
  /** Default: the rows were deleted after the attempt, so the call starts again. */
  readonly notFound?: (request: Request) => ContextStoreError;
  /** Returns undefined if the rules allow the mutation. */
  readonly refuse: (request: Request, decision: Decision<Subject>) => ContextStoreError | undefined;
  /**
   * Writes by one statement, and records the answer under the key. Returns undefined, having changed nothing that was
   * asked for, if anything that was decided on has changed since. Default: the call starts again with the attempt.
   */
  readonly write?: (
    request: Request,
    decision: Decision<Subject>,
    key: KeyArguments,
  ) => Promise<Written<Answer> | undefined>;
  /** Makes the result from an answer as it is recorded. */
  readonly present: (answer: Answer) => Result;
}

/**
 * Prepares a mutation whose steps run in the one order that is safe: replay → settle → refuse → write.
 *
 * A retry gets the recorded answer, whatever has happened since. A lapsed lease is settled before the rules look at the
 * owner. The rules refuse before anything is written. A conflict with another call starts again from the first step. An
 * attempt checks all of that by its one statement.
 */
export function prepareMutation<Request extends MutationRequest, Subject extends SessionSubject, Answer, Result>(
  database: Database,
  steps: MutationSteps<Request, Subject, Answer, Result>,
): Operation<Request, Replayable<Result>> {
  const settle = prepareSettleLease(database);
  const answer = ({ response, replayed = false }: Written<Answer>): Replayable<Result> => ({
    ...steps.present(response),
    replayed,
  });

  return (request) =>
    retryOnConflict(async () => {
      const key = keyArguments(request, steps.keyScope?.(request));
      const attempted = await steps.attempt?.(request, key);
      if (attempted !== undefined) return answer(attempted);
      const situation = await steps.read(request, key);
      const earlier = replay(situation.recorded, request);
      if (earlier !== undefined) return answer({ response: earlier, replayed: true });
      if (!isFound<Subject>(situation)) {
        if (steps.notFound === undefined) return undefined;
        throw steps.notFound(request);
      }
      const { session, observed_at: observedAtMs } = situation;
      if (await settle(session, observedAtMs)) return undefined;
      const decision = { ...situation, record: sessionRecord(session, observedAtMs), observedAtMs };
      const refusal = steps.refuse(request, decision);
      if (refusal !== undefined) throw refusal;
      const written = await steps.write?.(request, decision, key);
      return written && answer(written);
    });
}

/** The database holds a session for every handoff: the session is missing only if the handoff is. */
const isFound = <Subject extends SessionSubject>(rows: Rows<Subject>): rows is Rows<Subject> & Subject =>
  rows.session !== null;
