import { randomUUID } from 'node:crypto';
import {
  isExpired,
  sessionExists,
  sessionExpired,
  type CreatedSession,
  type CreateSession,
  type Replayable,
} from '@org/domain';
import { sql } from 'kysely';
import { prepareMutation } from '../../mutation/prepare-mutation.js';
import { prepareReadSessionSituation } from '../../mutation/read-situation.js';
import { type KeyArguments, prepareAnswering, selectRecorded } from '../../mutation/replay.js';
import { isLapsed, isWithinTtl, sessionJson, sessionRecord, type SessionRow } from '../../rows/session-row.js';
import { insertInto } from '../../statements/changes.js';
import { clock, type Clocked } from '../../statements/clock.js';
import type { Database, Run } from '../../statements/database.js';
import { cast } from '../../statements/expressions.js';
import type { Operation } from '../operation.js';

/** An answer as it is recorded. */
interface Answer {
  readonly session: SessionRow;
  readonly created: boolean;
  readonly observed_at: number;
}

/** Writes first, and reads the reason only if that failed. Most calls create a session or resume one. */
export function prepareCreateSession(database: Database): Operation<CreateSession, Replayable<CreatedSession>> {
  const write = prepareWrite(database);
  const readSituation = prepareReadSessionSituation<Answer>(database);

  return prepareMutation(database, {
    attempt: async (request, key) => {
      const { sessionKey, title = null, project = null, ttlMs = null } = request;
      const metadata = JSON.stringify(request.metadata);
      const resumes = request.ifExists === 'resume';
      const [written] = await write({
        ...key,
        sessionKey,
        uid: randomUUID(),
        title,
        project,
        ttlMs,
        metadata,
        resumes,
      });
      return written;
    },
    read: ({ sessionKey }, key) => readSituation({ ...key, sessionKey }),
    refuse: ({ ifExists }, { record }) => {
      if (ifExists === 'error') return sessionExists(record);
      return isExpired(record) ? sessionExpired(record) : undefined;
    },
    present: ({ session, created, observed_at: observedAtMs }) => ({
      session: sessionRecord(session, observedAtMs),
      created,
    }),
  });
}

interface NewSession extends KeyArguments {
  readonly sessionKey: string;
  readonly uid: string;
  readonly title: string | null;
  readonly project: string | null;
  readonly ttlMs: number | null;
  readonly metadata: string;
  readonly resumes: boolean;
}

/**
 * Creates the session, or finds the one that is resumed. Returns no row if the call has a recorded answer, the session
 * may not be resumed, or another call has created it since the statement began.
 */
function prepareWrite(database: Database): Run<NewSession, { response: Answer }> {
  return prepareAnswering(
    database,
    'create_session',
    (p: Clocked<NewSession>, answerFrom) => sql`
      with clock as materialized (select ${clock(p)} as now, ${selectRecorded(p)} is null as is_first_call),
      existing as materialized (
        select ${sessionJson} as session, sessions.id as session_id, (
            ${isWithinTtl('sessions', sql`clock.now`)} or state <> 'active'
          ) and not ${isLapsed('sessions', sql`clock.now`)} as is_resumable
        from sessions, clock where namespace = ${p.namespace} and session_key = ${p.sessionKey}
      ), created as (
        ${insertInto('sessions', {
          uid: sql`${p.uid}::uuid`,
          namespace: p.namespace,
          session_key: p.sessionKey,
          state: sql.lit('active'),
          owner: p.agent,
          participants: sql.lit('{}'),
          former_owners: sql.lit('{}'),
          epoch: sql.lit(1),
          version: sql.lit(1),
          offers: sql.lit(0),
          last_sequence: sql.lit(0),
          content_bytes: sql.lit(0),
          estimated_tokens: sql.lit(0),
          pinned_count: sql.lit(0),
          created_at: sql`now`,
          updated_at: sql`now`,
          last_activity_at: sql`now`,
          owner_wrote_at: sql`now`,
          ttl_ms: cast(p.ttlMs, 'bigint'),
          title: p.title,
          project: p.project,
          metadata: sql`${p.metadata}::json`,
        })}
        from clock where is_first_call and not exists (select from existing)
        on conflict (namespace, session_key) do nothing
        returning ${sessionJson} as session, sessions.id as session_id
      ), found as (
        select session, session_id, true as created from created
        union all
        select session, session_id, false from existing, clock
        where ${p.resumes}::boolean and is_resumable and is_first_call
      ), ${answerFrom(sql`found, clock`, ['session', 'created'])}`,
  );
}
