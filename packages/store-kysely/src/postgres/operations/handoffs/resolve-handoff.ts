import {
  moveOwnership,
  refuseResolve,
  type HandoffOutcome,
  type HandoffRecord,
  type HandoffStatus,
  type Replayable,
  type ResolveHandoff,
} from '@org/domain';
import { sql } from 'kysely';
import { cancelOffers, noLease, type SessionChange } from '../../leases/move-ownership.js';
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
      const { owner, participants, formerOwners } = moveOwnership(record, handoff.requesting_agent);
      const [written] = await write({
        ...key,
        ...lockArguments(session),
        owner,
        participants,
        formerOwners,
        moves: request.outcome === 'returned',
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

interface Resolution extends KeyArguments, LockArguments, Omit<SessionChange, 'changes'> {
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
          session.id as session_id
        from session join handoffs on handoffs.id = ${p.handoffRowId} and handoffs.status = ${p.status}
        for update of handoffs
      ), timed as materialized (
        select handoff.*, ${p.moves}::boolean as moves, ${clock(p)} as now from handoff
      ), live as materialized (
        select * from timed where status <> 'pending' or expires_at > now
      ), moved as (
        ${update('sessions', {
          owner: p.owner,
          participants: cast(p.participants, 'text[]'),
          former_owners: cast(p.formerOwners, 'text[]'),
          epoch: sql`sessions.epoch + 1`,
          version: sql`sessions.version + 1`,
          updated_at: sql`greatest(sessions.updated_at, live.now)`,
          last_activity_at: sql`greatest(sessions.last_activity_at, live.now)`,
          ...noLease,
        })}
        from live where live.moves and sessions.id = live.session_id
      ), kept as (
        ${update('sessions', noLease)}
        from live
        where not live.moves and sessions.id = live.session_id and sessions.lease_handoff_id = live.handoff_id
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
