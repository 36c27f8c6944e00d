import type { JsonObject, SessionRecord, SessionState } from '@org/domain';
import { sql, type RawBuilder } from 'kysely';
import { epochMs, milliseconds } from './clock.js';

/** What is read of a session: {@link sessionColumns}. */
export interface SessionRow {
  readonly id: number;
  readonly uid: string;
  readonly namespace: string;
  readonly session_key: string;
  readonly state: SessionState;
  readonly owner: string;
  readonly participants: readonly string[];
  readonly epoch: number;
  readonly version: number;
  readonly offers: number;
  readonly last_sequence: number;
  readonly created_at: number;
  readonly updated_at: number;
  readonly last_activity_at: number;
  readonly ttl_ms: number | null;
  readonly title: string | null;
  readonly metadata: JsonObject;
}

/** To be selected from, or returned by, a statement in which `sessions` is the only table with such columns. */
export const sessionColumns: RawBuilder<SessionRow> = sql`
  sessions.id, sessions.uid, sessions.namespace, sessions.session_key, sessions.state, sessions.owner,
  sessions.participants, sessions.epoch, sessions.version, sessions.offers, sessions.last_sequence,
  ${epochMs(sql`sessions.created_at`)} as created_at, ${epochMs(sql`sessions.updated_at`)} as updated_at,
  ${epochMs(sql`sessions.last_activity_at`)} as last_activity_at, sessions.ttl_ms, sessions.title, sessions.metadata`;

/** A {@link SessionRow} as one JSON value, where a statement can name the columns of `sessions`. */
export const sessionJson: RawBuilder<SessionRow> = sql`(select row_to_json(fields) from (select ${sessionColumns}) as fields)`;

/** Whether an active session, of these columns of `session`, has not outlived its TTL. See `isExpired` in the domain. */
export const isWithinTtl = (session: RawBuilder<unknown>, now: RawBuilder<unknown>): RawBuilder<boolean> =>
  sql`coalesce(${session}.last_activity_at + ${milliseconds(sql`${session}.ttl_ms`)} > ${now}, true)`;

export const sessionRecord = (row: SessionRow, observedAtMs: number): SessionRecord => ({
  uid: row.uid,
  namespace: row.namespace,
  sessionKey: row.session_key,
  state: row.state,
  owner: row.owner,
  participants: row.participants,
  epoch: row.epoch,
  version: row.version,
  lastSequence: row.last_sequence,
  title: row.title ?? undefined,
  metadata: row.metadata,
  createdAtMs: row.created_at,
  updatedAtMs: row.updated_at,
  lastActivityAtMs: row.last_activity_at,
  ttlMs: row.ttl_ms ?? undefined,
  observedAtMs,
});
