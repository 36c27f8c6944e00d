import {
  handoffNotFound,
  refuseClaim,
  type ClaimedHandoff,
  type ClaimHandoff,
  type Replayable,
  type RequestType,
} from '@org/domain';
import { sql } from 'kysely';
import { clock, epochMs } from './clock.js';
import type { Database } from './database.js';
import { handoffJson, handoffRecord, type HandoffRow } from './handoff-row.js';
import { cancelOffers, moveOwnership, type SessionChange } from './move-ownership.js';
import type { Operation } from './operation.js';
import { statement } from './query-builder.js';
import { lockArguments, lockSession, prepareReadHandoffSituation, type LockArguments } from './read-situation.js';
import { keyArguments, prepareRecordAnswer, recordAnswer, replay, type KeyArguments } from './replay.js';
import { isWithinTtl, sessionJson, sessionRecord, type SessionRow } from './session-row.js';
import { untilWritten } from './until-written.js';

/** An answer as it is recorded. */
interface Answer {
  readonly handoff: HandoffRow;
  readonly session: SessionRow;
  readonly observed_at: number;
}

export function prepareClaimHandoff(database: Database): Operation<ClaimHandoff, Replayable<ClaimedHandoff>> {
  const readSituation = prepareReadHandoffSituation<Answer>(database);
  const write = prepareWrite(database);
  const record = prepareRecordAnswer(database);

  return (request) =>
    untilWritten(async () => {
      const key = keyArguments(request);
      const situation = await readSituation({ ...key, handoffId: request.handoffId });
      const recorded = replay(situation.recorded, request);
      if (recorded !== undefined) return presentAnswer(recorded, true);
      const { handoff, session, observed_at: observedAtMs } = situation;
      if (handoff === null || session === null) throw handoffNotFound(request.handoffId);
      if (handoff.status === 'accepted' && handoff.accepted_by === request.agent) {
        const answer: Answer = { handoff, session, observed_at: observedAtMs };
        if (request.idempotency !== undefined) await record({ ...key, response: JSON.stringify(answer) });
        return presentAnswer(answer, true);
      }
      const refusal = refuseClaim(handoffRecord(handoff, observedAtMs), sessionRecord(session, observedAtMs), request);
      if (refusal !== undefined) throw refusal;

      const change = grantedBy(handoff.request_type, session, request.agent);
      const [written] = await write({ ...key, ...lockArguments(session), ...change, handoffId: handoff.id });
      return written && presentAnswer(written.response, false);
    });
}

const presentAnswer = (answer: Answer, replayed: boolean): Replayable<ClaimedHandoff> => ({
  handoff: handoffRecord(answer.handoff, answer.observed_at),
  session: sessionRecord(answer.session, answer.observed_at),
  replayed,
});

/** What an acceptor is given. */
function grantedBy(requestType: RequestType, { owner, participants }: SessionRow, agent: string): SessionChange {
  if (requestType === 'full_handoff') return moveOwnership(agent, participants);
  const joins = requestType === 'collaboration' && agent !== owner && !participants.includes(agent);
  return { owner, participants: joins ? [...participants, agent] : participants, moves: false, changes: joins };
}

interface Claim extends KeyArguments, LockArguments, SessionChange {
  readonly handoffId: number;
}

/** The offer's deadline is compared with a clock that is read when the locks on both rows are held. */
function prepareWrite(database: Database): (claim: Claim) => Promise<{ response: Answer }[]> {
  return database.prepareWrite('claim_handoff', (p) =>
    statement<{ response: Answer }>(sql`
      with ${lockSession(p)}, offer as materialized (
        select handoffs.id as handoff_id, handoffs.expires_at, session.*
        from session join handoffs on handoffs.id = ${p.handoffId} and handoffs.status = 'pending'
        for update of handoffs
      ), timed as materialized (
        select handoff_id, id as session_id, expires_at, state, last_activity_at, ttl_ms,
          ${p.moves}::boolean as moves, ${clock(p)} as now
        from offer
      ), live as materialized (
        select * from timed
        where expires_at > now and state = 'active' and ${isWithinTtl(sql`timed`, sql`now`)}
      ), granted as (
        update sessions set
          owner = ${p.owner},
          participants = ${p.participants}::text[],
          epoch = sessions.epoch + live.moves::integer,
          version = sessions.version + ${p.changes}::boolean::integer,
          updated_at = case when ${p.changes}::boolean then live.now else sessions.updated_at end,
          last_activity_at = greatest(sessions.last_activity_at, live.now)
        from live where sessions.id = live.session_id
        returning ${sessionJson} as session
      ), accepted as (
        update handoffs set status = 'accepted', accepted_by = ${p.agent}
        from live where handoffs.id = live.handoff_id
        returning ${handoffJson} as handoff, live.now
      ), cancelled as (
        ${cancelOffers(sql`live`)}
      ), answer as (
        select now, json_build_object(
          'handoff', handoff, 'session', session, 'observed_at', ${epochMs(sql`now`)}
        ) as response
        from accepted, granted
      ), ${recordAnswer(p)}`),
  );
}
