import { sessionNotFound, type JsonObject, type SessionRecord, type SessionRef } from '@org/domain';
import type { Selectable } from 'kysely';
import type { Placeholders } from '../prepared-query.js';
import type { SessionsTable } from '../schema.js';
import type { Connection } from './connection.js';
import { db } from './query-builder.js';

export type SessionRow = Selectable<SessionsTable>;

export function sessionRecord(row: Omit<SessionRow, 'id'>, observedAtMs: number): SessionRecord {
  return {
    uid: row.uid,
    namespace: row.namespace,
    sessionKey: row.session_key,
    state: row.state,
    owner: row.owner,
    participants: participantsOf(row),
    epoch: row.epoch,
    version: row.version,
    lastSequence: row.last_sequence,
    title: row.title ?? undefined,
    metadata: JSON.parse(row.metadata) as JsonObject,
    createdAtMs: row.created_at,
    updatedAtMs: row.updated_at,
    lastActivityAtMs: row.last_activity_at,
    ttlMs: row.ttl_ms ?? undefined,
    observedAtMs,
  };
}

export const participantsOf = ({ participants }: Pick<SessionRow, 'participants'>): string[] =>
  JSON.parse(participants) as string[];

export function prepareFindSession(connection: Connection): (ref: SessionRef) => SessionRow | undefined {
  return connection.prepare((p: Placeholders<SessionRef>) =>
    db.selectFrom('sessions').selectAll().where('namespace', '=', p.namespace).where('session_key', '=', p.sessionKey),
  ).get;
}

/** Gets the row of a session. It throws SESSION_NOT_FOUND. */
export function prepareGetSession(connection: Connection): (ref: SessionRef) => SessionRow {
  const findSession = prepareFindSession(connection);
  return (ref) => {
    const row = findSession(ref);
    if (row === undefined) throw sessionNotFound(ref.sessionKey);
    return row;
  };
}

/** Writes whatever of a session can change, except by an append. */
export function prepareSaveSession(connection: Connection): (row: SessionRow) => void {
  return connection.prepare((p: Placeholders<SessionRow>) =>
    db
      .updateTable('sessions')
      .set({
        state: p.state,
        owner: p.owner,
        participants: p.participants,
        epoch: p.epoch,
        version: p.version,
        updated_at: p.updated_at,
        last_activity_at: p.last_activity_at,
        ttl_ms: p.ttl_ms,
        title: p.title,
        metadata: p.metadata,
      })
      .where('id', '=', p.id),
  ).run;
}
