import {
  handoffNotFound,
  moveOwnership,
  refuseResolve,
  type HandoffOutcome,
  type HandoffRecord,
  type HandoffStatus,
  type Replayable,
  type ResolveHandoff,
} from '@org/domain';
import { sql } from 'kysely';
import { clock, epochMs } from '../../statements/clock.js';
import type { Database } from '../../statements/database.js';
import { handoffJson, handoffRecord, type HandoffRow } from '../../rows/handoff-row.js';
import { cancelOffers, noLease, type SessionChange } from '../../leases/move-ownership.js';
import type { Operation } from '../operation.js';
import { statement } from '../../statements/query-builder.js';
import {
  lockArguments,
  lockSession,
  prepareReadHandoffSituation,
  type LockArguments,
} from '../../mutation/read-situation.js';
import { prepareMutation } from '../../mutation/prepare-mutation.js';
import { recordAnswer, type KeyArguments } from '../../mutation/replay.js';

/** An answer as it is recorded. */
interface Answer {
  readonly handoff: HandoffRow;
  readonly observed_at: number;
}

export function prepareResolveHandoff(
  database: Database,
): Operation<ResolveHandoff, Replayable<{ handoff: HandoffRecord }>> {
  const readSituation = prepareReadHandoffSituation<Answer>(database);
  const write = prepareWrite(database);

  return prepareMutation(database, {
    read: ({ handoffId }, key) => readSituation({ ...key, handoffId }),
    notFound: ({ handoffId }) => handoffNotFound(handoffId),
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
  /** As it was decided on. */
  readonly status: HandoffStatus;
  readonly outcome: HandoffOutcome;
  readonly reason: string | null;
  readonly result: string | null;
}

/** A pending offer's deadline is compared with a clock that is read when the locks on both rows are held. */
function prepareWrite(database: Database): (resolution: Resolution) => Promise<{ response: Answer }[]> {
  return database.prepareWrite('resolve_handoff', (p) =>
    statement<{ response: Answer }>(sql`
      with ${lockSession(p)}, handoff as materialized (
        select handoffs.id as handoff_id, handoffs.handoff_id as public_id, handoffs.status, handoffs.expires_at, session.id as session_id
        from session join handoffs on handoffs.id = ${p.handoffRowId} and handoffs.status = ${p.status}
        for update of handoffs
      ), timed as materialized (
        select handoff.*, ${p.moves}::boolean as moves, ${clock(p)} as now from handoff
      ), live as materialized (
        select * from timed where status <> 'pending' or expires_at > now
      ), moved as (
        update sessions set
          owner = ${p.owner},
          participants = ${p.participants}::text[],
          former_owners = ${p.formerOwners}::text[],
          epoch = sessions.epoch + 1,
          version = sessions.version + 1,
          updated_at = greatest(sessions.updated_at, live.now),
          last_activity_at = greatest(sessions.last_activity_at, live.now),
          ${noLease}
        from live where live.moves and sessions.id = live.session_id
      ), kept as (
        update sessions set ${noLease}
        from live where not live.moves and sessions.id = live.session_id and sessions.lease_handoff_id = live.public_id
      ), cancelled as (
        ${cancelOffers(sql`live`)}
      ), resolved as (
        update handoffs set
          status = ${p.outcome}, resolved_at = live.now, reason = ${p.reason}, result = ${p.result}::json,
          lease_check_at = null
        from live where handoffs.id = live.handoff_id
        returning ${handoffJson} as handoff, live.session_id, live.now
      ), answer as (
        select now, session_id, json_build_object('handoff', handoff, 'observed_at', ${epochMs(sql`now`)}) as response from resolved
      ), ${recordAnswer(p)}`),
  );
}
