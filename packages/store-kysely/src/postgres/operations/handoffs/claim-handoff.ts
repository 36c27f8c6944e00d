import {
  addParticipant,
  moveOwnership,
  refuseClaim,
  refuseRepeatedClaim,
  type ClaimedHandoff,
  type ClaimHandoff,
  type Replayable,
  type RequestType,
  type SessionRecord,
} from '@org/domain';
import { sql } from 'kysely';
import { cancelOffers, newOwner, setWhere, type SessionChange } from '../../leases/move-ownership.js';
import { prepareRenewLease } from '../../leases/renew-lease.js';
import { prepareAcceptTakeOver } from './accept-take-over.js';
import { prepareHandoffMutation } from '../../mutation/prepare-handoff-mutation.js';
import type { MutationSteps } from '../../mutation/prepare-mutation.js';
import { lockArguments, lockSession, type HandoffSubject, type LockArguments } from '../../mutation/read-situation.js';
import { type KeyArguments, prepareAnswering, prepareRecordAnswer } from '../../mutation/replay.js';
import { handoffJson, handoffRecord, type HandoffRow } from '../../rows/handoff-row.js';
import { isWithinTtl, sessionJson, sessionRecord, type SessionRow } from '../../rows/session-row.js';
import { update } from '../../statements/changes.js';
import { clock, milliseconds, type Clocked } from '../../statements/clock.js';
import type { Database, Run } from '../../statements/database.js';
import { cast } from '../../statements/expressions.js';
import type { Operation } from '../operation.js';

/** An answer as it is recorded. */
interface Answer {
  readonly handoff: HandoffRow;
  readonly session: SessionRow;
  readonly observed_at: number;
}

export function prepareClaimHandoff(database: Database): Operation<ClaimHandoff, Replayable<ClaimedHandoff>> {
  const repeat = prepareRepeatedClaim(database);
  const takeOver = prepareAcceptTakeOver(database);
  const write = prepareWrite(database);

  return prepareHandoffMutation(database, {
    refuse: (request, { handoff, record, observedAtMs }) => {
      const offer = handoffRecord(handoff, observedAtMs);
      return isRepeated(request, handoff) ? refuseRepeatedClaim(offer, request) : refuseClaim(offer, record, request);
    },
    write: async (request, decision, key) => {
      const { handoff, session, record } = decision;
      if (isRepeated(request, handoff)) return repeat(request, decision, key);
      if (handoff.request_type === 'take_over') return takeOver(request, decision, key);
      const change = grantedBy(handoff.request_type, record, request.agent);
      const lease = { leaseMs: request.leaseMs ?? null, claimant: request.claimant ?? null };
      const [written] = await write({
        ...key,
        ...lockArguments(session),
        ...change,
        ...lease,
        handoffRowId: handoff.id,
      });
      return written;
    },
    present: (answer) => ({
      handoff: handoffRecord(answer.handoff, answer.observed_at, answer.session),
      session: sessionRecord(answer.session, answer.observed_at),
    }),
  });
}

/** Returns true if the agent has accepted the handoff before. */
const isRepeated = ({ agent }: ClaimHandoff, handoff: HandoffRow): boolean =>
  handoff.status === 'accepted' && handoff.accepted_by === agent;

/** Answers an agent that accepts a handoff once more, and renews its lease: the agent is alive. */
function prepareRepeatedClaim(
  database: Database,
): NonNullable<MutationSteps<ClaimHandoff, HandoffSubject, Answer, ClaimedHandoff>['write']> {
  const record = prepareRecordAnswer(database);
  const renew = prepareRenewLease(database);

  return async (request, { handoff, session, observedAtMs }, key) => {
    const holdsLease = session.lease_handoff_id === handoff.handoff_id;
    const [current] = holdsLease
      ? await renew({ ...lockArguments(session), leaseMs: request.leaseMs ?? null })
      : [session];
    if (current === undefined) return undefined;
    const response: Answer = { handoff, session: current, observed_at: observedAtMs };
    if (request.idempotency !== undefined) {
      await record({ ...key, sessionRowId: session.id, response: JSON.stringify(response) });
    }
    return { response, replayed: true };
  };
}

/** Returns how the acceptance of a handoff changes its session. */
function grantedBy(requestType: RequestType, session: SessionRecord, agent: string): SessionChange {
  if (requestType === 'full_handoff') return { ...moveOwnership(session, agent), moves: true, changes: true };
  if (requestType === 'collaboration') return { ...addParticipant(session, agent), moves: false };
  const { owner, participants, formerOwners, formerParticipants } = session;
  return { owner, participants, formerOwners, formerParticipants, moves: false, changes: false };
}

interface Claim extends KeyArguments, LockArguments, SessionChange {
  readonly handoffRowId: number;
  readonly leaseMs: number | null;
  readonly claimant: string | null;
}

/** The offer's deadline is compared with a clock that is read when the locks on both rows are held. */
function prepareWrite(database: Database): Run<Claim, { response: Answer }> {
  return prepareAnswering(database, 'claim_handoff', (p: Clocked<Claim>, answerFrom) => {
    const [changes, leaseMs] = [cast(p.changes, 'boolean'), cast(p.leaseMs, 'bigint')];
    const deadline = sql`live.now + ${milliseconds(leaseMs)}`;
    return sql`
      with ${lockSession(p)}, offer as materialized (
        select handoffs.id as handoff_row_id, handoffs.handoff_id, handoffs.requesting_agent, handoffs.expires_at,
          session.*
        from session join handoffs on handoffs.id = ${p.handoffRowId} and handoffs.status = 'pending'
        for update of handoffs
      ), timed as materialized (
        select handoff_row_id, handoff_id, requesting_agent, id as session_id, expires_at, state, epoch, last_activity_at,
          ttl_ms, ${p.moves}::boolean as moves, ${clock(p)} as now
        from offer
      ), live as materialized (
        select * from timed
        where expires_at > now and state = 'active' and ${isWithinTtl('timed', sql`now`)}
      ), granted as (
        ${update('sessions', {
          owner: p.owner,
          participants: cast(p.participants, 'text[]'),
          former_owners: cast(p.formerOwners, 'text[]'),
          former_participants: cast(p.formerParticipants, 'text[]'),
          epoch: sql`sessions.epoch + live.moves::integer`,
          version: sql`sessions.version + ${changes}::integer`,
          updated_at: sql`case when ${changes} then greatest(sessions.updated_at, live.now)
            else sessions.updated_at end`,
          last_activity_at: sql`greatest(sessions.last_activity_at, live.now)`,
          ...setWhere(sql`live.moves`, {
            ...newOwner,
            lease_handoff_id: sql`case when ${leaseMs} is not null then live.handoff_id end`,
            lease_returns_to: sql`case when ${leaseMs} is not null then live.requesting_agent end`,
            lease_ms: leaseMs,
            lease_expires_at: deadline,
          }),
          owner_wrote_at: sql`case when live.moves then live.now
            when ${p.agent} = sessions.owner then greatest(sessions.owner_wrote_at, live.now)
            else sessions.owner_wrote_at end`,
        })}
        from live where sessions.id = live.session_id
        returning ${sessionJson} as session
      ), accepted as (
        ${update('handoffs', {
          status: sql.lit('accepted'),
          accepted_by: p.agent,
          claimant: p.claimant,
          granted_epoch: sql`case when live.moves then live.epoch + 1 end`,
          lease_check_at: sql`case when live.moves then ${deadline} end`,
        })}
        from live where handoffs.id = live.handoff_row_id
        returning ${handoffJson} as handoff, live.session_id, live.now
      ), cancelled as (
        ${cancelOffers('live')}
      ), ${answerFrom(sql`accepted, granted`, ['handoff', 'session'])}`;
  });
}
