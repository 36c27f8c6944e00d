import {
  moveOwnership,
  operatorMoved,
  refuseOperator,
  sessionNotFound,
  type TakenOverSession,
  type TakeOverSession,
} from '@org/domain';
import { sql } from 'kysely';
import { cancelOffers } from '../../leases/move-ownership.js';
import {
  takenColumns,
  takeOverArguments,
  takeOverEntry,
  takeOwnership,
  type TakeOverArguments,
} from '../../leases/take-ownership.js';
import { prepareMutation } from '../../mutation/prepare-mutation.js';
import {
  lockArguments,
  lockSession,
  prepareReadSessionSituation,
  type LockArguments,
} from '../../mutation/read-situation.js';
import { sessionJson, sessionRecord, type SessionRow } from '../../rows/session-row.js';
import { update } from '../../statements/changes.js';
import { epochMs, type Clocked } from '../../statements/clock.js';
import { commitDurably } from '../../statements/commit-durably.js';
import type { Database, Run } from '../../statements/database.js';
import { statement } from '../../statements/query-builder.js';
import type { Operation } from '../operation.js';

interface Taken {
  readonly session: SessionRow;
  readonly former_owner: string;
  readonly found_wrote_at: number | null;
  readonly found_last_sequence: number | null;
  readonly observed_at: number;
}

export function prepareTakeOverSession(database: Database): Operation<TakeOverSession, TakenOverSession> {
  const readSituation = prepareReadSessionSituation<Taken>(database);
  const write = prepareWrite(database);

  const takeOver = prepareMutation<TakeOverSession, { readonly session: SessionRow }, Taken, TakenOverSession>(
    database,
    {
      read: ({ sessionKey }, key) => readSituation({ ...key, sessionKey }),
      notFound: ({ sessionKey }) => sessionNotFound(sessionKey),
      refuse: (request, { record }) => refuseOperator(record, request),
      write: async ({ agent: to, reason }, { session, record }) => {
        const [response] = await write({
          ...lockArguments(session),
          ...moveOwnership(record, to),
          ...takeOverArguments({ to, from: record.owner, reason, handoffId: undefined }),
          endReason: operatorMoved(to),
        });
        return response && { response };
      },
      present: (taken) => ({
        session: sessionRecord(taken.session, taken.observed_at),
        tookOver: {
          from: taken.former_owner,
          lastSequence: taken.found_last_sequence ?? undefined,
          lastWroteAtMs: taken.found_wrote_at ?? undefined,
        },
      }),
    },
  );
  return async (request) => {
    const { session, tookOver } = await takeOver(request);
    return { session, tookOver };
  };
}

interface Move extends LockArguments, TakeOverArguments {
  /** Why the handoff ends on whose lease the session was held. */
  readonly endReason: string;
}

/** The owner may write until its row is locked, as often as it likes: nothing that it writes fails this statement. */
function prepareWrite(database: Database): Run<Move, Taken> {
  return database.prepareWrite('take_over_session', (p: Clocked<Move>) =>
    statement<Taken>(sql`
      with ${lockSession(p)}, live as materialized (
        select session.id as session_id, session.namespace, session.owner,
          coalesce(session.lease_handoff_id, '') as handoff_id, session.now, true as moves, ${takenColumns}
        from session
      ), ${takeOverEntry(p, 'live')}, granted as (
        ${takeOwnership(p, { owner_wrote_at: sql.lit(null), owner_last_sequence: sql.lit(null) })}
        returning ${sessionJson} as session, entry.owner as former_owner, entry.owner_wrote_at as found_wrote_at,
          entry.owner_last_sequence as found_last_sequence, entry.now
      ), ended as (
        ${update('handoffs', {
          status: sql.lit('cancelled'),
          resolved_at: sql`entry.now`,
          reason: p.endReason,
          lease_check_at: sql.lit(null),
        })}
        from entry
        where handoffs.namespace = entry.namespace and handoffs.handoff_id = entry.handoff_id
          and handoffs.status = 'accepted'
      ), cancelled as (
        ${cancelOffers('entry')}
      )
      select session, former_owner, ${epochMs(sql<Date | null>`found_wrote_at`)} as found_wrote_at,
        found_last_sequence, ${epochMs(sql<Date>`now`)} as observed_at, ${commitDurably} as durability
      from granted`),
  );
}
