import { refuseCreateHandoff, type CreateHandoff, type HandoffRecord, type Replayable } from '@org/domain';
import { sql, type RawBuilder } from 'kysely';
import { setWhere } from '../../leases/move-ownership.js';
import { isRenewable } from '../../leases/renew-lease.js';
import { prepareSessionMutation } from '../../mutation/prepare-session-mutation.js';
import {
  lockArguments,
  lockSession,
  prepareReadTakeOverSituation,
  queueOffer,
  type LockArguments,
} from '../../mutation/read-situation.js';
import { prepareAnswering, prepareUnrecorded, type AnswerFrom, type KeyArguments } from '../../mutation/replay.js';
import { handoffJson, handoffRecord, type HandoffRow } from '../../rows/handoff-row.js';
import { isLapsed, isWithinTtl, renewedLease } from '../../rows/session-row.js';
import { insertInto, update } from '../../statements/changes.js';
import { clock, milliseconds, type Clocked } from '../../statements/clock.js';
import type { Database, Run } from '../../statements/database.js';
import { cast } from '../../statements/expressions.js';
import type { Operation } from '../operation.js';

/** An answer as it is recorded. */
interface Answer {
  readonly handoff: HandoffRow;
  readonly observed_at: number;
}

export function prepareCreateHandoff(
  database: Database,
): Operation<CreateHandoff, Replayable<{ handoff: HandoffRecord }>> {
  const readTakeOverSituation = prepareReadTakeOverSituation<Answer>(database);
  const offer = prepareOffer(database);
  const write = prepareWrite(database);

  return prepareSessionMutation(database, {
    attempt: async (request) => {
      const { requestType, idempotency, namespace, sessionKey, epoch = null, agent } = request;
      if (requestType === 'take_over' || idempotency !== undefined) return undefined;
      const participantsMay = requestType === 'context_transfer';
      const session = { namespace, sessionKey, agent, epoch, participantsMay };
      const [written] = await offer({ ...session, ...newHandoff(request, request.targetAgent) });
      return written;
    },
    readMore: ({ requestType, sessionKey }, key) =>
      requestType === 'take_over' ? readTakeOverSituation({ ...key, sessionKey }) : undefined,
    refuse: (request, { record, has_accepted: hasAccepted }) =>
      refuseCreateHandoff(record, request, () => hasAccepted === true),
    write: async (request, { session, record }, key) => {
      const target = request.requestType === 'take_over' ? record.owner : request.targetAgent;
      const [written] = await write({ ...key, ...lockArguments(session), ...newHandoff(request, target) });
      return written;
    },
    present: (answer) => ({ handoff: handoffRecord(answer.handoff, answer.observed_at) }),
  });
}

interface NewHandoff {
  readonly agent: string;
  readonly handoffId: string;
  readonly requestType: string;
  readonly isTakeOver: boolean;
  readonly targetAgent: string | null;
  readonly expiresInMs: number;
  readonly summary: string | null;
  readonly instructions: string | null;
  readonly requestData: string | null;
}

const newHandoff = (request: CreateHandoff, targetAgent: string | undefined): NewHandoff => ({
  agent: request.agent,
  handoffId: request.handoffId,
  requestType: request.requestType,
  isTakeOver: request.requestType === 'take_over',
  targetAgent: targetAgent ?? null,
  expiresInMs: request.expiresInMs,
  summary: request.summary ?? null,
  instructions: request.instructions ?? null,
  requestData: request.requestData === undefined ? null : JSON.stringify(request.requestData),
});

const prepareWrite = (database: Database): Run<NewHandoff & KeyArguments & LockArguments, { response: Answer }> =>
  prepareAnswering(database, 'create_handoff', (p, answerFrom) => insertOffer(p, lockSession(p), answerFrom));

interface Offerer extends Pick<CreateHandoff, 'namespace' | 'sessionKey' | 'agent'> {
  readonly epoch: number | null;
  /** Whether participants may make this offer too, or the owner alone. */
  readonly participantsMay: boolean;
}

/** Prepares an offer that reads nothing before: it is made only if the rules allow it. See `refuseCreateHandoff`. */
const prepareOffer = (database: Database): Run<NewHandoff & Offerer, { response: Answer }> =>
  prepareUnrecorded(database, 'offer_handoff', (p, answerFrom) => insertOffer(p, lockForOfferer(p), answerFrom));

/** Locks the session by its key. `session` holds its row if the agent may make the offer, and no row otherwise. */
const lockForOfferer = (p: Clocked<Offerer>): RawBuilder<unknown> => sql`
  locked as materialized (
    select * from sessions where namespace = ${p.namespace} and session_key = ${p.sessionKey} for update
  ), timed_session as materialized (
    select locked.*, ${clock(p)} as now from locked
  ), session as materialized (
    select * from timed_session
    where (owner = ${p.agent} or (${cast(p.participantsMay, 'boolean')} and ${p.agent} = any (participants)))
      and (${cast(p.epoch, 'bigint')} is null or epoch = ${cast(p.epoch, 'bigint')})
      and not ${isLapsed('timed_session', sql`now`)}
  )`;

/** @param session what locks the session, and makes the row `session` of it, or none */
function insertOffer(
  p: Clocked<NewHandoff>,
  session: RawBuilder<unknown>,
  answerFrom: AnswerFrom<Answer>,
): RawBuilder<unknown> {
  const isTakeOver = cast(p.isTakeOver, 'boolean');
  const isByOwner = sql`${p.agent} = sessions.owner`;
  const expiresAt = sql`live.offered_at + ${milliseconds(p.expiresInMs)}`;
  // A session shows the request that lapses last. The column is compared as it was before this statement.
  const isShown = sql`${isTakeOver} and coalesce(sessions.take_over_until <= ${expiresAt}, true)`;
  return sql`
      with ${session}, ${queueOffer}, timed as materialized (
        select queued.*, ${clock(p)} as offered_at from queued
      ), live as materialized (
        select * from timed where state = 'active' and (${isTakeOver} or ${isWithinTtl('timed', sql`offered_at`)})
          and (${p.agent} <> owner or ${isRenewable('timed', sql`offered_at`)})
      ), touched as (
        ${update('sessions', {
          offers: sql`sessions.offers + 1`,
          last_activity_at: sql`case when ${isTakeOver} then sessions.last_activity_at
            else greatest(sessions.last_activity_at, live.offered_at) end`,
          ...setWhere(isByOwner, {
            lease_expires_at: renewedLease('sessions', sql`live.offered_at`),
            owner_wrote_at: sql`greatest(sessions.owner_wrote_at, live.offered_at)`,
          }),
          ...setWhere(isShown, {
            take_over_handoff_id: p.handoffId,
            take_over_by: p.agent,
            take_over_at: sql`live.offered_at`,
            take_over_until: expiresAt,
          }),
        })}
        from live where sessions.id = live.id
      ), offered as (
        ${insertInto('handoffs', {
          handoff_id: p.handoffId,
          namespace: sql`namespace`,
          session_id: sql`id`,
          session_key: sql`session_key`,
          request_type: p.requestType,
          status: sql.lit('pending'),
          requesting_agent: p.agent,
          target_agent: p.targetAgent,
          upto_sequence: sql`last_sequence`,
          created_at: sql`offered_at`,
          expires_at: sql`offered_at + ${milliseconds(p.expiresInMs)}`,
          summary: p.summary,
          instructions: p.instructions,
          request_data: sql`${p.requestData}::json`,
          project: sql`project`,
        })}
        from live
        returning ${handoffJson} as handoff, handoffs.session_id, handoffs.created_at as now
      ), ${answerFrom(sql`offered`, ['handoff'])}`;
}
