import {
  isGivenBack,
  leavingAgent,
  moveOwnership,
  refuseResolve,
  removeParticipant,
  type HandoffOutcome,
  type HandoffRecord,
  type HandoffStatus,
  type Replayable,
  type ResolveHandoff,
  type SessionRecord,
} from '@org/domain';
import { sql, type RawBuilder } from 'kysely';
import { cancelOffers, newOwner, noLease, setWhere, type SessionChange } from '../../leases/move-ownership.js';
import { prepareHandoffMutation } from '../../mutation/prepare-handoff-mutation.js';
import { lockArguments, lockSession, type LockArguments } from '../../mutation/read-situation.js';
import { type KeyArguments, prepareAnswering } from '../../mutation/replay.js';
import { handoffJson, handoffRecord, type HandoffRow } from '../../rows/handoff-row.js';
import { update } from '../../statements/changes.js';
import { clock, type Clocked } from '../../statements/clock.js';
import type { Database, Run } from '../../statements/database.js';
import { cast } from '../../statements/expressions.js';
import type { Operation } from '../operation.js';

/** An answer as it is recorded. */
interface Answer {
  readonly handoff: HandoffRow;
  readonly observed_at: number;
}

export function prepareResolveHandoff(
  database: Database,
): Operation<ResolveHandoff, Replayable<{ handoff: HandoffRecord }>> {
  const write = prepareWrite(database);

  return prepareHandoffMutation(database, {
    refuse: (request, { handoff, record, observedAtMs }) =>
      refuseResolve(handoffRecord(handoff, observedAtMs), record, request),
    write: async (request, { handoff, session, record }, key) => {
      const [written] = await write({
        ...key,
        ...lockArguments(session),
        ...changeOf(handoff, record, request),
        handoffRowId: handoff.id,
        status: handoff.status,
        outcome: request.outcome,
        reason: request.reason ?? null,
        result: request.result === undefined ? null : JSON.stringify(request.result),
      });
      return written;
    },
    present: (answer) => ({ handoff: handoffRecord(answer.handoff, answer.observed_at) }),
  });
}

/** Returns how the end of a handoff changes its session. */
function changeOf(
  { request_type: requestType, requesting_agent: requester, accepted_by: acceptedBy }: HandoffRow,
  session: SessionRecord,
  { outcome }: ResolveHandoff,
): SessionChange {
  const handoff = { requestType, acceptedBy: acceptedBy ?? undefined };
  if (isGivenBack(handoff, outcome)) return { ...moveOwnership(session, requester), moves: true, changes: true };
  return { ...removeParticipant(session, leavingAgent(handoff, outcome)), moves: false };
}

interface Resolution extends KeyArguments, LockArguments, SessionChange {
  readonly handoffRowId: number;
  /** The status that the decision was made on. */
  readonly status: HandoffStatus;
  readonly outcome: HandoffOutcome;
  readonly reason: string | null;
  readonly result: string | null;
}

/** A pending offer's deadline is compared with a clock that is read when the locks on both rows are held. */
function prepareWrite(database: Database): Run<Resolution, { response: Answer }> {
  return prepareAnswering(
    database,
    'resolve_handoff',
    (p: Clocked<Resolution>, answerFrom) => sql`
      with ${lockSession(p)}, handoff as materialized (
        select handoffs.id as handoff_row_id, handoffs.handoff_id, handoffs.status, handoffs.expires_at,
          session.id as session_id, session.take_over_handoff_id
        from session join handoffs on handoffs.id = ${p.handoffRowId} and handoffs.status = ${p.status}
        for update of handoffs
      ), timed as materialized (
        select handoff.*, ${p.moves}::boolean as moves, ${clock(p)} as now from handoff
      ), live as materialized (
        select * from timed where status <> 'pending' or expires_at > now
      ), other as materialized (
        select request.* from (select * from live where handoff_id = take_over_handoff_id) as live cross join lateral (
          select handoff_id, requesting_agent, created_at, expires_at from handoffs
          where session_id = live.session_id and status = 'pending' and request_type = 'take_over'
            and expires_at > live.now and handoff_id <> live.handoff_id
          order by expires_at desc, id desc limit 1
        ) as request
      ), changed as (
        ${changeSession(p)}
        from live
        where sessions.id = live.session_id and (
          ${p.changes}::boolean or ${p.agent} = sessions.owner or sessions.lease_handoff_id = live.handoff_id
          or sessions.take_over_handoff_id = live.handoff_id
        )
      ), cancelled as (
        ${cancelOffers('live')}
      ), resolved as (
        ${update('handoffs', {
          status: p.outcome,
          resolved_at: sql`live.now`,
          reason: p.reason,
          result: sql`${p.result}::json`,
          lease_check_at: sql.lit(null),
        })}
        from live where handoffs.id = live.handoff_row_id
        returning ${handoffJson} as handoff, live.session_id, live.now
      ), ${answerFrom(sql`resolved`, ['handoff'])}`,
  );
}

/** The update of the session of the row `live`, as far as its assignments. */
const changeSession = (p: Clocked<Resolution>): RawBuilder<unknown> =>
  update('sessions', {
    owner: p.owner,
    participants: cast(p.participants, 'text[]'),
    former_owners: cast(p.formerOwners, 'text[]'),
    former_participants: cast(p.formerParticipants, 'text[]'),
    epoch: sql`sessions.epoch + live.moves::integer`,
    ...setWhere(cast(p.changes, 'boolean'), {
      version: sql`sessions.version + 1`,
      updated_at: sql`greatest(sessions.updated_at, live.now)`,
    }),
    last_activity_at: sql`case when live.moves then greatest(sessions.last_activity_at, live.now)
            else sessions.last_activity_at end`,
    ...setWhere(sql`live.moves`, newOwner),
    ...setWhere(sql`live.moves or sessions.lease_handoff_id = live.handoff_id`, noLease),
    ...setWhere(sql`live.moves or sessions.take_over_handoff_id = live.handoff_id`, {
      take_over_handoff_id: nextTakeOver('handoff_id'),
      take_over_by: nextTakeOver('requesting_agent'),
      take_over_at: nextTakeOver('created_at'),
      take_over_until: nextTakeOver('expires_at'),
    }),
    owner_wrote_at: sql`case when live.moves then null
            when ${p.agent} = sessions.owner then greatest(sessions.owner_wrote_at, live.now)
            else sessions.owner_wrote_at end`,
  });

/**
 * A column of the request that a session shows after the one that it shows has ended: of those that are still pending,
 * that which lapses last. Null if ownership moves, because that cancels all of them.
 */
const nextTakeOver = (column: string): RawBuilder<unknown> =>
  sql`case when not live.moves then (select ${sql.ref(`other.${column}`)} from other) end`;
