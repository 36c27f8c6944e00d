import {
  refuseUpdateSession,
  type Replayable,
  type SessionRecord,
  type SessionState,
  type UpdateSession,
} from '@org/domain';
import { sql } from 'kysely';
import { isRenewable } from '../../leases/renew-lease.js';
import { prepareSessionMutation } from '../../mutation/prepare-session-mutation.js';
import { lockArguments, lockSession, type LockArguments } from '../../mutation/read-situation.js';
import { type KeyArguments, prepareAnswering } from '../../mutation/replay.js';
import { isWithinTtl, renewedLease, sessionJson, sessionRecord, type SessionRow } from '../../rows/session-row.js';
import { update } from '../../statements/changes.js';
import type { Clocked } from '../../statements/clock.js';
import type { Database, Run } from '../../statements/database.js';
import type { Operation } from '../operation.js';

/** An answer as it is recorded. */
interface Answer {
  readonly session: SessionRow;
  readonly observed_at: number;
}

export function prepareUpdateSession(
  database: Database,
): Operation<UpdateSession, Replayable<{ session: SessionRecord }>> {
  const write = prepareWrite(database);

  return prepareSessionMutation(database, {
    refuse: (request, { record }) => refuseUpdateSession(record, request),
    write: async (request, { session }, key) => {
      const [written] = await write({
        ...key,
        ...lockArguments(session),
        mayBeExpired: request.state !== undefined || request.ttlMs !== undefined,
        state: request.state ?? null,
        title: request.title ?? null,
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
  readonly metadata: string | null;
  readonly ttlMs: number | null;
}

function prepareWrite(database: Database): Run<Changes, { response: Answer }> {
  return prepareAnswering(
    database,
    'update_session',
    (p: Clocked<Changes>, answerFrom) => sql`
      with ${lockSession(p)}, saved as (
        ${update('sessions', {
          state: sql`coalesce(${p.state}, sessions.state)`,
          title: sql`coalesce(${p.title}, sessions.title)`,
          metadata: sql`coalesce(${p.metadata}::json, sessions.metadata)`,
          ttl_ms: sql`coalesce(${p.ttlMs}::bigint, sessions.ttl_ms)`,
          version: sql`sessions.version + 1`,
          updated_at: sql`greatest(sessions.updated_at, session.now)`,
          last_activity_at: sql`greatest(sessions.last_activity_at, session.now)`,
          lease_expires_at: renewedLease('sessions', sql`session.now`),
          owner_wrote_at: sql`greatest(sessions.owner_wrote_at, session.now)`,
        })}
        from session
        where sessions.id = session.id and ${isRenewable('session', sql`session.now`)}
          and (${p.mayBeExpired}::boolean or session.state <> 'active' or ${isWithinTtl('session', sql`session.now`)})
        returning ${sessionJson} as session, sessions.id as session_id, session.now
      ), ${answerFrom(sql`saved`, ['session'])}`,
  );
}
