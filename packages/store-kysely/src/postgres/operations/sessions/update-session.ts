import {
  refuseUpdateSession,
  type Replayable,
  type SessionRecord,
  type SessionState,
  type UpdateSession,
} from '@org/domain';
import { sql, type RawBuilder } from 'kysely';
import { isRenewable } from '../../leases/renew-lease.js';
import { prepareSessionMutation } from '../../mutation/prepare-session-mutation.js';
import { lockArguments, lockSession, queueOffer, type LockArguments } from '../../mutation/read-situation.js';
import { type KeyArguments, prepareAnswering } from '../../mutation/replay.js';
import { isWithinTtl, renewedLease, sessionJson, sessionRecord, type SessionRow } from '../../rows/session-row.js';
import { update } from '../../statements/changes.js';
import type { Clocked } from '../../statements/clock.js';
import type { Database, Run } from '../../statements/database.js';
import { storedStatus } from '../handoffs/scan-handoffs.js';
import type { Operation } from '../operation.js';

/** An answer as it is recorded. */
interface Answer {
  readonly session: SessionRow;
  readonly observed_at: number;
}

export function prepareUpdateSession(
  database: Database,
): Operation<UpdateSession, Replayable<{ session: SessionRecord }>> {
  const change = prepareWrite(database, 'update_session');
  const move = prepareWrite(database, 'move_session');

  return prepareSessionMutation(database, {
    refuse: (request, { record }) => refuseUpdateSession(record, request),
    write: async (request, { session }, key) => {
      const { project = session.project } = request;
      const write = project === session.project ? change : move;
      const [written] = await write({
        ...key,
        ...lockArguments(session),
        mayBeExpired: request.state !== undefined || request.ttlMs !== undefined,
        state: request.state ?? null,
        title: request.title ?? null,
        project,
        metadata: request.metadata === undefined ? null : JSON.stringify(request.metadata),
        ttlMs: request.ttlMs ?? null,
      });
      return written;
    },
    present: (answer) => ({ session: sessionRecord(answer.session, answer.observed_at) }),
  });
}

/** Columns whose argument is null keep their values. */
interface Changes extends KeyArguments, LockArguments {
  readonly mayBeExpired: boolean;
  readonly state: SessionState | null;
  readonly title: string | null;
  /** The project that the session has afterwards. */
  readonly project: string | null;
  readonly metadata: string | null;
  readonly ttlMs: number | null;
}

/**
 * Prepares the change of a session, or (`move_session`) a change of its project too, which also moves its offers.
 */
function prepareWrite(database: Database, name: 'update_session' | 'move_session'): Run<Changes, { response: Answer }> {
  const moves = name === 'move_session';
  return prepareAnswering(
    database,
    name,
    (p: Clocked<Changes>, answerFrom) => sql`
      with ${lockSession(p)}, ${moves ? sql`${queueOffer}, ` : sql``}saved as (
        ${update('sessions', {
          state: sql`coalesce(${p.state}, sessions.state)`,
          title: sql`coalesce(${p.title}, sessions.title)`,
          ...(moves && { project: p.project }),
          metadata: sql`coalesce(${p.metadata}::json, sessions.metadata)`,
          ttl_ms: sql`coalesce(${p.ttlMs}::bigint, sessions.ttl_ms)`,
          version: sql`sessions.version + 1`,
          updated_at: sql`greatest(sessions.updated_at, session.now)`,
          last_activity_at: sql`greatest(sessions.last_activity_at, session.now)`,
          lease_expires_at: renewedLease('sessions', sql`session.now`),
          owner_wrote_at: sql`greatest(sessions.owner_wrote_at, session.now)`,
        })}
        from ${moves ? sql`queued as session` : sql`session`}
        where sessions.id = session.id and ${isRenewable('session', sql`session.now`)}
          and (${p.mayBeExpired}::boolean or session.state <> 'active' or ${isWithinTtl('session', sql`session.now`)})
        returning ${sessionJson} as session, sessions.id as session_id, session.now, sessions.namespace,
          sessions.lease_handoff_id
      ), ${moves ? moveOffers(p) : sql``}${answerFrom(sql`saved`, ['session'])}`,
  );
}

/**
 * Moves the pending offers of the session in `saved` to its project. They get new places in their order, so that lists of
 * the project show them. Also moves the handoff on whose lease the owner holds the session: after a lapse it is pending
 * again.
 */
const moveOffers = (p: Clocked<Changes>): RawBuilder<unknown> => sql`
  pending as materialized (
    select offer.id from saved cross join lateral (
      select id, expires_at from handoffs as offer
      where offer.session_id = saved.session_id and ${storedStatus} = 'pending' and offer.expires_at > saved.now
      offset 0
    ) as offer
    order by offer.id
  ), placed as materialized (
    select id, nextval(regclass 'handoffs_id_seq') as place from pending
  ), moved as (
    ${update('handoffs', { id: sql`placed.place`, project: p.project })} from placed where handoffs.id = placed.id
  ), moved_with_lease as (
    ${update('handoffs', { project: p.project })}
    from saved where handoffs.namespace = saved.namespace and handoffs.handoff_id = saved.lease_handoff_id
  ), `;
