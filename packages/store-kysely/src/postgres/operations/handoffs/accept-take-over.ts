import {
  limits,
  moveOwnership,
  takeOverReason,
  type ClaimedHandoff,
  type ClaimHandoff,
  type TakeOverTexts,
  type Writers,
} from '@org/domain';
import { sql } from 'kysely';
import { cancelOffers } from '../../leases/move-ownership.js';
import { takenColumns, takeOverArguments, takeOverEntry, takeOwnership } from '../../leases/take-ownership.js';
import type { MutationSteps } from '../../mutation/prepare-mutation.js';
import { lockArguments, lockSession, type HandoffSubject, type LockArguments } from '../../mutation/read-situation.js';
import { type KeyArguments, prepareAnswering } from '../../mutation/replay.js';
import { handoffJson, type HandoffRow } from '../../rows/handoff-row.js';
import { sessionJson, type SessionRow } from '../../rows/session-row.js';
import { update } from '../../statements/changes.js';
import { clock, milliseconds, type Clocked } from '../../statements/clock.js';
import type { Database, Run } from '../../statements/database.js';
import { cast } from '../../statements/expressions.js';

/** An answer as it is recorded. */
interface Answer {
  readonly handoff: HandoffRow;
  readonly session: SessionRow;
  readonly observed_at: number;
}

/** Makes the requester of a `take_over` the owner of its session. */
export function prepareAcceptTakeOver(
  database: Database,
): NonNullable<MutationSteps<ClaimHandoff, HandoffSubject, Answer, ClaimedHandoff>['write']> {
  const write = prepareWrite(database);
  return async (request, { handoff, session, record }, key) => {
    const { agent, claimant = null, takeOverAfterMs = limits.takeOverAfterMs } = request;
    const { handoff_id: handoffId, summary, instructions } = handoff;
    const reason = takeOverReason({ summary: summary ?? undefined, instructions: instructions ?? undefined });
    const [written] = await write({
      ...key,
      ...lockArguments(session),
      ...moveOwnership(record, agent),
      ...takeOverArguments({ to: agent, from: record.owner, reason, handoffId }),
      claimant,
      takeOverAfterMs,
      handoffRowId: handoff.id,
    });
    return written;
  };
}

interface Acceptance extends KeyArguments, LockArguments, Writers, TakeOverTexts {
  readonly to: string;
  readonly metadata: string;
  readonly handoffRowId: number;
  readonly claimant: string | null;
  readonly takeOverAfterMs: number;
}

/**
 * The owner may have written since the decision was made, and a write of the owner changes no version. So its silence is
 * judged by the locked row of the session, with a clock that is read when the locks on both rows are held.
 */
function prepareWrite(database: Database): Run<Acceptance, { response: Answer }> {
  return prepareAnswering(
    database,
    'accept_take_over',
    (p: Clocked<Acceptance>, answerFrom) => sql`
      with ${lockSession(p)}, request as materialized (
        select handoffs.id as handoff_row_id, handoffs.handoff_id, handoffs.created_at as requested_at,
          handoffs.expires_at, session.id as session_id, session.state, session.lease_expires_at, ${takenColumns}
        from session join handoffs on handoffs.id = ${p.handoffRowId} and handoffs.status = 'pending'
        for update of handoffs
      ), timed as materialized (
        select request.*, true as moves, ${clock(p)} as now from request
      ), live as materialized (
        select * from timed
        where expires_at > now and state = 'active' and lease_expires_at is null
          and greatest(requested_at, owner_wrote_at) + ${milliseconds(cast(p.takeOverAfterMs, 'bigint'))} <= now
      ), ${takeOverEntry(p, 'live')}, granted as (
        ${takeOwnership(p, { owner_wrote_at: sql`entry.now`, owner_last_sequence: sql`entry.sequence` })}
        returning ${sessionJson} as session
      ), accepted as (
        ${update('handoffs', {
          status: sql.lit('accepted'),
          accepted_by: p.agent,
          claimant: p.claimant,
          granted_epoch: sql`entry.new_epoch`,
          upto_sequence: sql`entry.sequence`,
          found_wrote_at: sql`entry.owner_wrote_at`,
          found_last_sequence: sql`entry.owner_last_sequence`,
        })}
        from entry where handoffs.id = entry.handoff_row_id
        returning ${handoffJson} as handoff, entry.session_id, entry.now
      ), cancelled as (
        ${cancelOffers('entry')}
      ), ${answerFrom(sql`accepted, granted`, ['handoff', 'session'])}`,
  );
}
