import { refuseCreateHandoff, type CreateHandoff, type HandoffRecord, type Replayable } from '@org/domain';
import { sql } from 'kysely';
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
import { type KeyArguments, prepareAnswering } from '../../mutation/replay.js';
import { handoffJson, handoffRecord, type HandoffRow } from '../../rows/handoff-row.js';
import { isWithinTtl, renewedLease } from '../../rows/session-row.js';
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
  const write = prepareWrite(database);

  return prepareSessionMutation(database, {
    readMore: ({ requestType, sessionKey }, key) =>
      requestType === 'take_over' ? readTakeOverSituation({ ...key, sessionKey }) : undefined,
    refuse: (request, { record, has_accepted: hasAccepted }) =>
      refuseCreateHandoff(record, request, () => hasAccepted === true),
    write: async (request, { session, record }, key) => {
      const isTakeOver = request.requestType === 'take_over';
      const [written] = await write({
        ...key,
        ...lockArguments(session),
        handoffId: request.handoffId,
        requestType: request.requestType,
        isTakeOver,
        targetAgent: isTakeOver ? record.owner : (request.targetAgent ?? null),
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
  readonly isTakeOver: boolean;
  readonly targetAgent: string | null;
  readonly expiresInMs: number;
  readonly summary: string | null;
  readonly instructions: string | null;
  readonly requestData: string | null;
}

function prepareWrite(database: Database): Run<NewHandoff, { response: Answer }> {
  return prepareAnswering(database, 'create_handoff', (p: Clocked<NewHandoff>, answerFrom) => {
    const isTakeOver = cast(p.isTakeOver, 'boolean');
    const isByOwner = sql`${p.agent} = sessions.owner`;
    const expiresAt = sql`live.offered_at + ${milliseconds(p.expiresInMs)}`;
    // A session shows the request that lapses last. The column is compared as it was before this statement.
    const isShown = sql`${isTakeOver} and coalesce(sessions.take_over_until <= ${expiresAt}, true)`;
    return sql`
      with ${lockSession(p)}, ${queueOffer}, timed as materialized (
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
  });
}
