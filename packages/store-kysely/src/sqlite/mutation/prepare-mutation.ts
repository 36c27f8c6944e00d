import type { ContextStoreError, Replayable, SessionRecord } from '@org/domain';
import type { Connection } from '../connection/connection.js';
import type { Operation } from '../operations/operation.js';
import { sessionRecord, type SessionRow } from '../rows/session-row.js';
import { prepareReplaying, type MutationRequest } from './replay.js';

/** The rows that a request names. A request may name a session that does not exist. */
interface Subject {
  readonly session: SessionRow | undefined;
}

/** What the rules decide on: the rows that the request names, after the session's lease was settled. */
export type Decision<Rows extends Subject> = Rows & {
  /** The session of the rows. */
  readonly record: RecordOf<Rows['session']>;
};

type RecordOf<Row> = Row extends SessionRow ? SessionRecord : undefined;

/** How one mutation differs from the others. */
export interface MutationSteps<Request extends MutationRequest, Rows extends Subject, Answer> {
  /** The session that is part of the scope of the idempotency key. Default: none. */
  readonly keyScope?: (request: Request) => string;
  /** Returns the first answer to a request that was made before. Default: what is recorded under the idempotency key. */
  readonly replay?: (request: Request) => Answer | undefined;
  /** Finds the rows that the request names, and stores the lapse of the session's lease. */
  readonly settle: (request: Request, nowMs: number) => Rows;
  /** Returns undefined if the rules allow the mutation. */
  readonly refuse: (request: Request, decision: Decision<Rows>, nowMs: number) => ContextStoreError | undefined;
  /** Sets `replayed` if the request repeats what was done before. */
  readonly write: (
    request: Request,
    decision: Decision<Rows>,
    nowMs: number,
  ) => Answer & { readonly replayed?: boolean };
}

/**
 * Prepares a mutation whose steps run in the one order that is safe: replay → settle → refuse → write.
 *
 * A retry gets the recorded answer, whatever has happened since. A lapsed lease is settled before the rules look at the
 * owner. The rules refuse before anything else is written.
 */
export function prepareMutation<Request extends MutationRequest, Rows extends Subject, Answer extends object>(
  connection: Connection,
  steps: MutationSteps<Request, Rows, Answer>,
): Operation<Request, Replayable<Answer>> {
  const mutate: Operation<Request, Replayable<Answer>> = (request, nowMs) => {
    const rows = steps.settle(request, nowMs);
    const record = (rows.session && sessionRecord(rows.session, nowMs)) as RecordOf<Rows['session']>;
    const decision = { ...rows, record };
    const refusal = steps.refuse(request, decision, nowMs);
    if (refusal !== undefined) throw refusal;
    return { replayed: false, ...steps.write(request, decision, nowMs) };
  };
  const { replay } = steps;
  if (replay === undefined) return prepareReplaying(connection)(mutate, steps.keyScope);
  return (request, nowMs) => {
    const earlier = replay(request);
    return earlier === undefined ? mutate(request, nowMs) : { ...earlier, replayed: true };
  };
}
