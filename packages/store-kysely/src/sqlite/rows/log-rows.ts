import type { AppendEntry } from '@org/domain';
import type { Selectable } from 'kysely';
import type { Placeholders } from '../../prepared-query.js';
import type { Connection } from '../connection/connection.js';
import { preparedOnce } from '../connection/prepared-once.js';
import { db } from '../connection/query-builder.js';
import type { ContextHistoryTable } from '../schema/tables.js';
import type { SessionRow } from './session-row.js';

export type NewEntryRow = Selectable<ContextHistoryTable>;

/** What is known of a new entry before it has a place in a log. */
export type NewEntry = Omit<AppendEntry, 'namespace' | 'sessionKey' | 'expectedSequence' | 'epoch'>;

/** Returns the row of a new entry at the end of a session's log. */
export const newEntryRow = (session: SessionRow, entry: NewEntry, nowMs: number): NewEntryRow => ({
  session_id: session.id,
  sequence: session.last_sequence + 1,
  context_type: entry.contextType,
  agent: entry.agent,
  epoch: session.epoch,
  pinned: entry.pinned ? 1 : 0,
  created_at: nowMs,
  content_bytes: entry.contentBytes,
  estimated_tokens: entry.estimatedTokens,
  tokens_before: session.estimated_tokens,
  idempotency_key: entry.idempotency?.key ?? null,
  request_hash: entry.idempotency?.requestHash ?? null,
  metadata: JSON.stringify(entry.metadata),
  content: entry.content,
  pinned_before: entry.pinned ? session.pinned_count : null,
});

/** The columns of a session that an append sets, beside the totals of its log. */
export type AppendedSession = Pick<
  SessionRow,
  'last_activity_at' | 'lease_expires_at' | 'owner_wrote_at' | 'owner_last_sequence'
>;

/** Writes an entry, and adds it to the totals of its session. */
export const prepareWriteEntry: (connection: Connection) => (entry: NewEntryRow, session: AppendedSession) => void =
  preparedOnce((connection) => {
    const extendLog = prepareExtendLog(connection);
    const insertEntry = prepareInsertEntry(connection);
    return (entry, session) => {
      // In this order: a whole row of a session has columns with the names of an entry's.
      extendLog({ ...session, ...entry });
      insertEntry(entry);
    };
  });

function prepareExtendLog(connection: Connection): (extension: NewEntryRow & AppendedSession) => void {
  return connection.prepare((p: Placeholders<NewEntryRow & AppendedSession>) =>
    db
      .updateTable('sessions')
      .set((eb) => ({
        last_sequence: p.sequence,
        content_bytes: eb('content_bytes', '+', p.content_bytes),
        estimated_tokens: eb('estimated_tokens', '+', p.estimated_tokens),
        pinned_count: eb('pinned_count', '+', p.pinned),
        last_activity_at: p.last_activity_at,
        lease_expires_at: p.lease_expires_at,
        owner_wrote_at: p.owner_wrote_at,
        owner_last_sequence: p.owner_last_sequence,
      }))
      .where('id', '=', p.session_id),
  ).run;
}

function prepareInsertEntry(connection: Connection): (entry: NewEntryRow) => void {
  return connection.prepare((p: Placeholders<NewEntryRow>) =>
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
