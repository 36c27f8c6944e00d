import type { JsonObject, LeasedSession, SessionLease, SessionRecord, SessionState } from '@org/domain';
import { sql, type RawBuilder } from 'kysely';
import { epochMs, milliseconds } from '../statements/clock.js';

/** What is read of a session: {@link sessionColumns}. */
export interface SessionRow {
  readonly id: number;
  readonly uid: string;
  readonly namespace: string;
  readonly session_key: string;
  readonly state: SessionState;
  readonly owner: string;
  readonly participants: readonly string[];
  readonly former_owners: readonly string[];
  readonly epoch: number;
  readonly version: number;
  readonly offers: number;
  readonly last_sequence: number;
  readonly created_at: number;
  readonly updated_at: number;
  readonly last_activity_at: number;
  readonly ttl_ms: number | null;
  /** Null, as the other columns of a lease are: the owner holds none. */
  readonly lease_handoff_id: string | null;
  readonly lease_returns_to: string | null;
  readonly lease_ms: number | null;
  readonly lease_expires_at: number | null;
  readonly title: string | null;
  readonly metadata: JsonObject;
}

/** To be selected from, or returned by, a statement in which `sessions` is the only table with such columns. */
export const sessionColumns: RawBuilder<SessionRow> = sql`
  sessions.id, sessions.uid, sessions.namespace, sessions.session_key, sessions.state, sessions.owner,
  sessions.participants, sessions.former_owners, sessions.epoch, sessions.version, sessions.offers,
  sessions.last_sequence,
  ${epochMs(sql`sessions.created_at`)} as created_at, ${epochMs(sql`sessions.updated_at`)} as updated_at,
  ${epochMs(sql`sessions.last_activity_at`)} as last_activity_at, sessions.ttl_ms,
  sessions.lease_handoff_id, sessions.lease_returns_to, sessions.lease_ms,
  ${epochMs(sql`sessions.lease_expires_at`)} as lease_expires_at, sessions.title, sessions.metadata`;

/** A {@link SessionRow} as one JSON value, where a statement can name the columns of `sessions`. */
export const sessionJson: RawBuilder<SessionRow> = sql`(select row_to_json(fields) from (select ${sessionColumns}) as fields)`;

/** Whether an active session, of these columns of `session`, has not outlived its TTL. See `isExpired` in the domain. */
export const isWithinTtl = (session: RawBuilder<unknown>, now: RawBuilder<unknown>): RawBuilder<boolean> =>
  sql`coalesce(${session}.last_activity_at + ${milliseconds(sql`${session}.ttl_ms`)} > ${now}, true)`;

/** Whether the lease of an active session, of these columns, has lapsed. See `isLeaseLapsed` in the domain. */
export const isLapsed = (session: RawBuilder<unknown>, now: RawBuilder<unknown>): RawBuilder<boolean> =>
  sql`(${session}.state = 'active' and coalesce(${session}.lease_expires_at <= ${now}, false))`;

/** The deadline of a session's lease after a write of its owner; null: it holds none. */
export const renewedLease = (session: RawBuilder<unknown>, now: RawBuilder<unknown>): RawBuilder<unknown> =>
  sql`${now} + ${milliseconds(sql`${session}.lease_ms`)}`;

export const sessionRecord = (row: SessionRow, observedAtMs: number): SessionRecord => ({
  uid: row.uid,
  namespace: row.namespace,
  sessionKey: row.session_key,
  state: row.state,
  owner: row.owner,
  participants: row.participants,
  formerOwners: row.former_owners,
  epoch: row.epoch,
  version: row.version,
  lastSequence: row.last_sequence,
  title: row.title ?? undefined,
  metadata: row.metadata,
  createdAtMs: row.created_at,
  updatedAtMs: row.updated_at,
  lastActivityAtMs: row.last_activity_at,
  ttlMs: row.ttl_ms ?? undefined,
  lease: sessionLease(row),
  observedAtMs,
});

/** What tells whether a lease lapsed, and what the lapse does: see `LeasedSession` in the domain. */
export type LeasedSessionRow = LeaseColumns & Pick<SessionRow, 'state' | 'last_sequence'>;
type LeaseColumns = Pick<SessionRow, 'lease_handoff_id' | 'lease_returns_to' | 'lease_ms' | 'lease_expires_at'>;

export const leasedSessionColumns: RawBuilder<LeasedSessionRow> = sql`
  sessions.state, sessions.last_sequence, sessions.lease_handoff_id, sessions.lease_returns_to, sessions.lease_ms,
  ${epochMs(sql`sessions.lease_expires_at`)} as lease_expires_at`;

export const leasedSession = (row: LeasedSessionRow, observedAtMs: number): LeasedSession => ({
  state: row.state,
  lastSequence: row.last_sequence,
  lease: sessionLease(row),
  observedAtMs,
});

function sessionLease(row: LeaseColumns): SessionLease | undefined {
  const { lease_handoff_id: handoffId, lease_returns_to: returnsTo, lease_ms: durationMs } = row;
  const { lease_expires_at: expiresAtMs } = row;
  if (handoffId === null || returnsTo === null || durationMs === null || expiresAtMs === null) return undefined;
  return { handoffId, returnsTo, durationMs, expiresAtMs };
}
