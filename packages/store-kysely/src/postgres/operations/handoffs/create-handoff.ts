import { refuseCreateHandoff, type CreateHandoff, type HandoffRecord, type Replayable } from '@org/domain';
import { sql } from 'kysely';
import { isRenewable } from '../../leases/renew-lease.js';
import { prepareSessionMutation } from '../../mutation/prepare-session-mutation.js';
import { lockArguments, lockSession, queueOffer, type LockArguments } from '../../mutation/read-situation.js';
import { type KeyArguments, prepareAnswering } from '../../mutation/replay.js';
import { handoffJson, handoffRecord, type HandoffRow } from '../../rows/handoff-row.js';
import { isWithinTtl, renewedLease } from '../../rows/session-row.js';
import { insertInto, update } from '../../statements/changes.js';
import { clock, milliseconds, type Clocked } from '../../statements/clock.js';
import type { Database, Run } from '../../statements/database.js';
import type { Operation } from '../operation.js';

/** An answer as it is recorded. */
interface Answer {
  readonly handoff: HandoffRow;
  readonly observed_at: number;
}

export function prepareCreateHandoff(
  database: Database,
): Operation<CreateHandoff, Replayable<{ handoff: HandoffRecord }>> {
  const write = prepareWrite(database);

  return prepareSessionMutation(database, {
    refuse: (request, { record }) => refuseCreateHandoff(record, request),
    write: async (request, { session }, key) => {
      const [written] = await write({
        ...key,
        ...lockArguments(session),
        handoffId: request.handoffId,
        requestType: request.requestType,
        targetAgent: request.targetAgent ?? null,
        expiresInMs: request.expiresInMs,
        summary: request.summary ?? null,
        instructions: request.instructions ?? null,
        requestData: request.requestData === undefined ? null : JSON.stringify(request.requestData),
      });
      return written;
    },
    present: (answer) => ({ handoff: handoffRecord(answer.handoff, answer.observed_at) }),
  });
}

interface NewHandoff extends KeyArguments, LockArguments {
  readonly handoffId: string;
  readonly requestType: string;
  readonly targetAgent: string | null;
  readonly expiresInMs: number;
  readonly summary: string | null;
  readonly instructions: string | null;
  readonly requestData: string | null;
}

function prepareWrite(database: Database): Run<NewHandoff, { response: Answer }> {
  return prepareAnswering(
    database,
    'create_handoff',
    (p: Clocked<NewHandoff>, answerFrom) => sql`
      with ${lockSession(p)}, ${queueOffer}, timed as materialized (
        select queued.*, ${clock(p)} as offered_at from queued
      ), live as materialized (
        select * from timed where state = 'active' and ${isWithinTtl('timed', sql`offered_at`)}
          and (${p.agent} <> owner or ${isRenewable('timed', sql`offered_at`)})
      ), touched as (
        ${update('sessions', {
          offers: sql`sessions.offers + 1`,
          last_activity_at: sql`greatest(sessions.last_activity_at, live.offered_at)`,
          lease_expires_at: sql`case when ${p.agent} = sessions.owner then ${renewedLease('sessions', sql`live.offered_at`)}
            else sessions.lease_expires_at end`,
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
      ), ${answerFrom(sql`offered`, ['handoff'])}`,
  );
}
