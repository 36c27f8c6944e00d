import type { ContextStoreError, Replayable, SessionRecord } from '@org/domain';
import type { Connection } from '../connection/connection.js';
import type { Operation } from '../operations/operation.js';
import { sessionRecord, type SessionRow } from '../rows/session-row.js';
import { prepareReplaying, type MutationRequest } from './replay.js';

/** What the rules decide on: the rows that the request names, after the session's lease was settled. */
export type Decision<Subject> = Subject & {
  /** The session of the rows. */
  readonly record: SessionRecord;
};

/** How one mutation differs from the others. */
export interface MutationSteps<Request extends MutationRequest, Subject extends { session: SessionRow }, Answer> {
  /** The session that is part of the scope of the idempotency key. Default: none. */
  readonly keyScope?: (request: Request) => string;
  /** Finds the rows that the request names, and stores the lapse of the session's lease. Throws if there are none. */
  readonly settle: (request: Request, nowMs: number) => Subject;
  /** Returns undefined if the rules allow the mutation. */
  readonly refuse: (request: Request, decision: Decision<Subject>, nowMs: number) => ContextStoreError | undefined;
  /** Sets `replayed` if the request repeats what was done before. */
  readonly write: (
    request: Request,
    decision: Decision<Subject>,
    nowMs: number,
  ) => Answer & { readonly replayed?: boolean };
}

/**
 * Prepares a mutation whose steps run in the one order that is safe: replay → settle → refuse → write.
 *
 * A retry gets the recorded answer, whatever has happened since. A lapsed lease is settled before the rules look at the
 * owner. The rules refuse before anything else is written.
 */
export function prepareMutation<
  Request extends MutationRequest,
  Subject extends { session: SessionRow },
  Answer extends object,
>(connection: Connection, steps: MutationSteps<Request, Subject, Answer>): Operation<Request, Replayable<Answer>> {
  const replaying = prepareReplaying(connection);

  return replaying((request, nowMs) => {
    const subject = steps.settle(request, nowMs);
    const decision = { ...subject, record: sessionRecord(subject.session, nowMs) };
    const refusal = steps.refuse(request, decision, nowMs);
    if (refusal !== undefined) throw refusal;
    return { replayed: false, ...steps.write(request, decision, nowMs) };
  }, steps.keyScope);
}
