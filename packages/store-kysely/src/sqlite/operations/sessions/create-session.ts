import { randomUUID } from 'node:crypto';
import {
  isExpired,
  sessionExists,
  sessionExpired,
  type CreatedSession,
  type CreateSession,
  type Replayable,
} from '@org/domain';
import type { Placeholders } from '../../../prepared-query.js';
import type { Connection } from '../../connection/connection.js';
import { prepareMutation } from '../../mutation/prepare-mutation.js';
import type { Operation } from '../operation.js';
import { db } from '../../connection/query-builder.js';
import { prepareFindSession, sessionRecord, type SessionRow } from '../../rows/session-row.js';
import { prepareSettleLease } from '../../leases/settle-lease.js';

export function prepareCreateSession(connection: Connection): Operation<CreateSession, Replayable<CreatedSession>> {
  const findSession = prepareFindSession(connection);
  const settleLease = prepareSettleLease(connection);
  const insertSession = prepareInsertSession(connection);

  return prepareMutation(connection, {
    settle: (request, nowMs) => {
      const existing = findSession(request);
      return { session: existing && settleLease(existing, nowMs) };
    },
    refuse: ({ ifExists }, { record }) => {
      if (record === undefined) return undefined;
      if (ifExists === 'error') return sessionExists(record);
      return isExpired(record) ? sessionExpired(record) : undefined;
    },
    write: (request, { record }, nowMs) => {
      if (record !== undefined) return { session: record, created: false };
      const row = newSession(request, nowMs);
      insertSession(row);
      return { session: sessionRecord(row, nowMs), created: true };
    },
  });
}

type NewSessionRow = Omit<SessionRow, 'id'>;

const newSession = (request: CreateSession, nowMs: number): NewSessionRow => ({
  uid: randomUUID(),
  namespace: request.namespace,
  session_key: request.sessionKey,
  state: 'active',
  owner: request.agent,
  participants: '[]',
  epoch: 1,
  version: 1,
  last_sequence: 0,
  content_bytes: 0,
  estimated_tokens: 0,
  created_at: nowMs,
  updated_at: nowMs,
  last_activity_at: nowMs,
  ttl_ms: request.ttlMs ?? null,
  title: request.title ?? null,
  metadata: JSON.stringify(request.metadata),
  former_owners: '[]',
  lease_handoff_id: null,
  lease_returns_to: null,
  lease_ms: null,
  lease_expires_at: null,
  pinned_count: 0,
  project: request.project ?? null,
  former_participants: '[]',
  owner_wrote_at: nowMs,
  owner_last_sequence: null,
  take_over_handoff_id: null,
  take_over_by: null,
  take_over_at: null,
  take_over_until: null,
  taken_over_at: null,
  lapsed_handoff_id: null,
});

function prepareInsertSession(connection: Connection): (row: NewSessionRow) => void {
  return connection.prepare((p: Placeholders<NewSessionRow>) =>
    db.insertInto('sessions').values({
      uid: p.uid,
      namespace: p.namespace,
      session_key: p.session_key,
      state: p.state,
      owner: p.owner,
      participants: p.participants,
      epoch: p.epoch,
      version: p.version,
      last_sequence: p.last_sequence,
      content_bytes: p.content_bytes,
      estimated_tokens: p.estimated_tokens,
      created_at: p.created_at,
      updated_at: p.updated_at,
      last_activity_at: p.last_activity_at,
      ttl_ms: p.ttl_ms,
      title: p.title,
      metadata: p.metadata,
      former_owners: p.former_owners,
      pinned_count: p.pinned_count,
      project: p.project,
      former_participants: p.former_participants,
      owner_wrote_at: p.owner_wrote_at,
    }),
  ).run;
}
