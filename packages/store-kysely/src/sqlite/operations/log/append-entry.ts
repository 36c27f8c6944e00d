import {
  refuseAppend,
  refuseReplay,
  renewedLease,
  type AppendedEntry,
  type AppendEntry,
  type Replayable,
  type SessionRef,
} from '@org/domain';
import type { Selectable } from 'kysely';
import type { Placeholders } from '../../../prepared-query.js';
import type { ContextHistoryTable } from '../../schema/tables.js';
import type { Connection } from '../../connection/connection.js';
import { prepareFollowDeadline } from '../../leases/follow-deadline.js';
import { prepareGetSession } from '../../rows/get-session.js';
import type { Operation } from '../operation.js';
import { db } from '../../connection/query-builder.js';
import { prepareMutation } from '../../mutation/prepare-mutation.js';
import type { SessionRow } from '../../rows/session-row.js';

type EntryRow = Selectable<ContextHistoryTable>;

export function prepareAppendEntry(connection: Connection): Operation<AppendEntry, Replayable<AppendedEntry>> {
  const getSession = prepareGetSession(connection);
  const replay = prepareReplay(connection);
  const extendLog = prepareExtendLog(connection);
  const insertEntry = prepareInsertEntry(connection);
  const followDeadline = prepareFollowDeadline(connection);

  return prepareMutation(connection, {
    replay,
    settle: (request, nowMs) => ({ session: getSession(request, nowMs) }),
    refuse: (request, { record }) => refuseAppend(record, request),
    write: (request, { session, record }, nowMs) => {
      const entry = newEntry(session, request, nowMs);
      const lease = renewedLease(record, request.agent, nowMs);
      extendLog({
        ...entry,
        last_activity_at: Math.max(session.last_activity_at, nowMs),
        lease_expires_at: lease?.expiresAtMs ?? null,
      });
      followDeadline(session, lease);
      insertEntry(entry);
      return appendedEntry(entry);
    },
  });
}

const newEntry = (session: SessionRow, request: AppendEntry, nowMs: number): EntryRow => ({
  session_id: session.id,
  sequence: session.last_sequence + 1,
  context_type: request.contextType,
  agent: request.agent,
  epoch: session.epoch,
  pinned: request.pinned ? 1 : 0,
  created_at: nowMs,
  content_bytes: request.contentBytes,
  estimated_tokens: request.estimatedTokens,
  tokens_before: session.estimated_tokens,
  idempotency_key: request.idempotency?.key ?? null,
  request_hash: request.idempotency?.requestHash ?? null,
  metadata: JSON.stringify(request.metadata),
  content: request.content,
  pinned_before: request.pinned ? session.pinned_count : null,
});

const answerColumns = ['sequence', 'created_at', 'content_bytes', 'estimated_tokens', 'epoch'] as const;

const appendedEntry = (row: Pick<EntryRow, (typeof answerColumns)[number]>): AppendedEntry => ({
  sequence: row.sequence,
  createdAtMs: row.created_at,
  contentBytes: row.content_bytes,
  estimatedTokens: row.estimated_tokens,
  epoch: row.epoch,
});

/** The first answer to an append that is tried again: an entry keeps its own idempotency key. */
function prepareReplay(connection: Connection): (request: AppendEntry) => AppendedEntry | undefined {
  const find = connection.prepare((p: Placeholders<SessionRef & { agent: string; key: string }>) =>
    db
      .selectFrom('context_history')
      .select([...answerColumns, 'request_hash'])
      .where('session_id', '=', (eb) =>
        eb
          .selectFrom('sessions')
          .select('id')
          .where('namespace', '=', p.namespace)
          .where('session_key', '=', p.sessionKey),
      )
      .where('agent', '=', p.agent)
      .where('idempotency_key', '=', p.key),
  );
  return ({ namespace, sessionKey, agent, idempotency }) => {
    if (idempotency === undefined) return undefined;
    const row = find.get({ namespace, sessionKey, agent, key: idempotency.key });
    if (row === undefined) return undefined;
    const refusal = refuseReplay({ requestHash: row.request_hash ?? '' }, idempotency);
    if (refusal !== undefined) throw refusal;
    return appendedEntry(row);
  };
}

type Extension = EntryRow & Pick<SessionRow, 'last_activity_at' | 'lease_expires_at'>;

function prepareExtendLog(connection: Connection): (extension: Extension) => void {
  return connection.prepare((p: Placeholders<Extension>) =>
    db
      .updateTable('sessions')
      .set((eb) => ({
        last_sequence: p.sequence,
        content_bytes: eb('content_bytes', '+', p.content_bytes),
        estimated_tokens: eb('estimated_tokens', '+', p.estimated_tokens),
        pinned_count: eb('pinned_count', '+', p.pinned),
        last_activity_at: p.last_activity_at,
        lease_expires_at: p.lease_expires_at,
      }))
      .where('id', '=', p.session_id),
  ).run;
}

function prepareInsertEntry(connection: Connection): (entry: EntryRow) => void {
  return connection.prepare((p: Placeholders<EntryRow>) =>
    db.insertInto('context_history').values({
      session_id: p.session_id,
      sequence: p.sequence,
      context_type: p.context_type,
      agent: p.agent,
      epoch: p.epoch,
      pinned: p.pinned,
      created_at: p.created_at,
      content_bytes: p.content_bytes,
      estimated_tokens: p.estimated_tokens,
      tokens_before: p.tokens_before,
      idempotency_key: p.idempotency_key,
      request_hash: p.request_hash,
      metadata: p.metadata,
      content: p.content,
      pinned_before: p.pinned_before,
    }),
  ).run;
}
