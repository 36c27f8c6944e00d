import {
  pendingTakeOver,
  type LeasedSession,
  type SessionLease,
  type SessionRecord,
  type SessionRef,
  type TakeOverRequest,
} from '@org/domain';
import { expressionBuilder, sql, type Expression, type RawBuilder, type Selection } from 'kysely';
import type { Placeholders } from '../../prepared-query.js';
import type { SessionsTable, Tables } from '../schema/tables.js';
import { epochMs, milliseconds, observedAt, type Clocked } from '../statements/clock.js';
import { columnsOf, selectionList } from '../statements/expressions.js';
import { db } from '../statements/query-builder.js';

const sessions = expressionBuilder<Tables, 'sessions'>();

/** What shows whether a lease lapsed, and what the lapse does: see `LeasedSession` in the domain. */
export const leasedSessionColumns = [
  'sessions.state',
  'sessions.last_sequence',
  'sessions.lease_handoff_id',
  'sessions.lease_returns_to',
  'sessions.lease_ms',
  epochMs(sessions.ref('sessions.lease_expires_at')).as('lease_expires_at'),
] as const;

/** All that is read of a session. `sessions` must be the only table of the statement that has such columns. */
export const sessionColumns = [
  'sessions.id',
  'sessions.uid',
  'sessions.namespace',
  'sessions.session_key',
  'sessions.owner',
  'sessions.participants',
  'sessions.former_owners',
  'sessions.former_participants',
  'sessions.epoch',
  'sessions.version',
  'sessions.offers',
  epochMs(sessions.ref('sessions.created_at')).as('created_at'),
  epochMs(sessions.ref('sessions.updated_at')).as('updated_at'),
  epochMs(sessions.ref('sessions.last_activity_at')).as('last_activity_at'),
  'sessions.ttl_ms',
  'sessions.title',
  'sessions.project',
  'sessions.metadata',
  epochMs(sessions.ref('sessions.owner_wrote_at')).as('owner_wrote_at'),
  'sessions.owner_last_sequence',
  'sessions.take_over_handoff_id',
  'sessions.take_over_by',
  epochMs(sessions.ref('sessions.take_over_at')).as('take_over_at'),
  epochMs(sessions.ref('sessions.take_over_until')).as('take_over_until'),
  epochMs(sessions.ref('sessions.taken_over_at')).as('taken_over_at'),
  'sessions.lapsed_handoff_id',
  ...leasedSessionColumns,
] as const;

/** The columns that answers lack which an earlier release recorded: see {@link sessionRecord}. */
type LaterColumn =
  | 'former_participants'
  | 'owner_wrote_at'
  | 'owner_last_sequence'
  | 'taken_over_at'
  | 'lapsed_handoff_id'
  | TakeOverColumn;
type TakeOverColumn = 'take_over_handoff_id' | 'take_over_by' | 'take_over_at' | 'take_over_until';

export type SessionRow = Selection<Tables, 'sessions', (typeof sessionColumns)[number]>;
/** A session in the answer of a mutation, which may have been recorded by an earlier release. */
export type RecordedSessionRow = Omit<SessionRow, LaterColumn> & Partial<Pick<SessionRow, LaterColumn>>;
export type LeasedSessionRow = Pick<SessionRow, 'state' | 'last_sequence'> & LeaseColumns;
type LeaseColumns = Pick<SessionRow, 'lease_handoff_id' | 'lease_returns_to' | 'lease_ms' | 'lease_expires_at'>;

/** Finds the row of a session: at most one. */
export const sessionByKey = (p: Placeholders<SessionRef>) =>
  db
    .selectFrom('sessions')
    .where('sessions.namespace', '=', p.namespace)
    .where('sessions.session_key', '=', p.sessionKey);

/** Selects a session, and the clock. */
export const selectSession = (p: Clocked<SessionRef>) => sessionByKey(p).select(sessionColumns).select(observedAt(p));

/** A {@link SessionRow} as one JSON value, where a statement in SQL can name the columns of `sessions`. */
export const sessionJson: RawBuilder<SessionRow> = sql`
  (select row_to_json(fields) from (select ${selectionList(sessionColumns)}) as fields)`;

/**
 * Whether an active session has not outlived its TTL. See `isExpired` in the domain.
 *
 * @param session the name of a row with the columns of `sessions`
 */
export function isWithinTtl(session: string, now: Expression<unknown>): RawBuilder<boolean> {
  const column = columnsOf<SessionsTable>(session);
  return sql`coalesce(${column('last_activity_at')} + ${milliseconds(column('ttl_ms'))} > ${now}, true)`;
}

/**
 * Whether the lease of an active session has lapsed. See `isLeaseLapsed` in the domain.
 *
 * @param session the name of a row with the columns of `sessions`
 */
export function isLapsed(session: string, now: Expression<unknown>): RawBuilder<boolean> {
  const column = columnsOf<SessionsTable>(session);
  return sql`(${column('state')} = 'active' and coalesce(${column('lease_expires_at')} <= ${now}, false))`;
}

/**
 * The deadline of a session's lease after a write of its owner. Null if the owner holds none.
 *
 * @param session the name of a row with the columns of `sessions`
 */
export const renewedLease = (session: string, now: Expression<unknown>): RawBuilder<unknown> =>
  sql`${now} + ${milliseconds(columnsOf<SessionsTable>(session)('lease_ms'))}`;

export const sessionRecord = (row: RecordedSessionRow, observedAtMs: number): SessionRecord => ({
  uid: row.uid,
  namespace: row.namespace,
  sessionKey: row.session_key,
  state: row.state,
  owner: row.owner,
  participants: row.participants,
  formerOwners: row.former_owners,
  formerParticipants: row.former_participants ?? [],
  epoch: row.epoch,
  version: row.version,
  lastSequence: row.last_sequence,
  ownerWroteAtMs: row.owner_wrote_at ?? undefined,
  ownerLastSequence: row.owner_last_sequence ?? undefined,
  takeOver: pendingTakeOver(takeOverOf(row), observedAtMs),
  takenOverAtMs: row.taken_over_at ?? undefined,
  lapsedHandoffId: row.lapsed_handoff_id ?? undefined,
  title: row.title ?? undefined,
  project: row.project ?? undefined,
  metadata: row.metadata,
  createdAtMs: row.created_at,
  updatedAtMs: row.updated_at,
  lastActivityAtMs: row.last_activity_at,
  ttlMs: row.ttl_ms ?? undefined,
  lease: sessionLease(row),
  observedAtMs,
});

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

function takeOverOf(row: Partial<Pick<SessionRow, TakeOverColumn>>): TakeOverRequest | undefined {
  const handoffId = row.take_over_handoff_id ?? undefined;
  const requestedBy = row.take_over_by ?? undefined;
  const requestedAtMs = row.take_over_at ?? undefined;
  const expiresAtMs = row.take_over_until ?? undefined;
  if (handoffId === undefined || requestedBy === undefined) return undefined;
  if (requestedAtMs === undefined || expiresAtMs === undefined) return undefined;
  return { handoffId, requestedBy, requestedAtMs, expiresAtMs };
}
