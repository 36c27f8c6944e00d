import {
  ownerWroteAt,
  pendingTakeOver,
  type JsonObject,
  type LeasedSession,
  type Ownership,
  type ParticipantsChange,
  type SessionLease,
  type SessionRecord,
  type SessionRef,
  type TakeOverRequest,
} from '@org/domain';
import type { Selectable } from 'kysely';
import type { Placeholders } from '../../prepared-query.js';
import type { SessionsTable } from '../schema/tables.js';
import type { Connection } from '../connection/connection.js';
import { preparedOnce } from '../connection/prepared-once.js';
import { db } from '../connection/query-builder.js';

export type SessionRow = Selectable<SessionsTable>;
type LeaseColumns = Pick<SessionRow, 'lease_handoff_id' | 'lease_returns_to' | 'lease_ms' | 'lease_expires_at'>;
type TakeOverColumns = Pick<SessionRow, 'take_over_handoff_id' | 'take_over_by' | 'take_over_at' | 'take_over_until'>;
type OwnershipColumns = Pick<
  SessionRow,
  | 'owner'
  | 'participants'
  | 'former_owners'
  | 'former_participants'
  | 'epoch'
  | 'owner_wrote_at'
  | 'owner_last_sequence'
  | 'taken_over_at'
  | 'lapsed_handoff_id'
> &
  LeaseColumns &
  TakeOverColumns;

export function sessionRecord(row: Omit<SessionRow, 'id'>, observedAtMs: number): SessionRecord {
  return {
    uid: row.uid,
    namespace: row.namespace,
    sessionKey: row.session_key,
    state: row.state,
    owner: row.owner,
    participants: JSON.parse(row.participants) as string[],
    formerOwners: JSON.parse(row.former_owners) as string[],
    formerParticipants: JSON.parse(row.former_participants) as string[],
    epoch: row.epoch,
    version: row.version,
    lastSequence: row.last_sequence,
    ownerWroteAtMs: row.owner_wrote_at ?? undefined,
    ownerLastSequence: row.owner_last_sequence ?? undefined,
    takeOver: pendingTakeOver(takeOverOf(row), observedAtMs),
    takenOverAtMs: row.taken_over_at ?? undefined,
    lapsedHandoffId: row.lapsed_handoff_id ?? undefined,
    lease: leaseOf(row),
    title: row.title ?? undefined,
    project: row.project ?? undefined,
    metadata: JSON.parse(row.metadata) as JsonObject,
    createdAtMs: row.created_at,
    updatedAtMs: row.updated_at,
    lastActivityAtMs: row.last_activity_at,
    ttlMs: row.ttl_ms ?? undefined,
    observedAtMs,
  };
}

export function leaseOf(row: LeaseColumns): SessionLease | undefined {
  const { lease_handoff_id: handoffId, lease_returns_to: returnsTo, lease_ms: durationMs } = row;
  const { lease_expires_at: expiresAtMs } = row;
  if (handoffId === null || returnsTo === null || durationMs === null || expiresAtMs === null) return undefined;
  return { handoffId, returnsTo, durationMs, expiresAtMs };
}

function takeOverOf(row: TakeOverColumns): TakeOverRequest | undefined {
  const { take_over_handoff_id: handoffId, take_over_by: requestedBy } = row;
  const { take_over_at: requestedAtMs, take_over_until: expiresAtMs } = row;
  if (handoffId === null || requestedBy === null || requestedAtMs === null || expiresAtMs === null) return undefined;
  return { handoffId, requestedBy, requestedAtMs, expiresAtMs };
}

export const takeOverColumns = (takeOver: TakeOverRequest | undefined): TakeOverColumns => ({
  take_over_handoff_id: takeOver?.handoffId ?? null,
  take_over_by: takeOver?.requestedBy ?? null,
  take_over_at: takeOver?.requestedAtMs ?? null,
  take_over_until: takeOver?.expiresAtMs ?? null,
});

/** See `isLeaseLapsed` in the domain. */
export const isLapsed = (row: Pick<SessionRow, 'state' | 'lease_expires_at'>, nowMs: number): boolean =>
  row.state === 'active' && row.lease_expires_at !== null && row.lease_expires_at <= nowMs;

/** Returns the row after an agent joined or left: see `addParticipant` and `removeParticipant` in the domain. */
export const withParticipants = (
  row: SessionRow,
  { changes, participants, formerParticipants }: ParticipantsChange,
  nowMs: number,
): SessionRow =>
  changes
    ? {
        ...row,
        participants: JSON.stringify(participants),
        former_participants: JSON.stringify(formerParticipants),
        version: row.version + 1,
        updated_at: Math.max(row.updated_at, nowMs),
      }
    : row;

/** Returns the row after a write by an agent at this time: see `ownerWroteAt` in the domain. */
export const writtenAt = (row: SessionRow, agent: string, nowMs: number): SessionRow => ({
  ...row,
  owner_wrote_at:
    ownerWroteAt({ owner: row.owner, ownerWroteAtMs: row.owner_wrote_at ?? undefined }, agent, nowMs) ?? null,
});

/** Returns the row after an activity at this time. A clock that is behind does not move the last activity back. */
export const activeAt = (row: SessionRow, nowMs: number): SessionRow => ({
  ...row,
  last_activity_at: Math.max(row.last_activity_at, nowMs),
});

/** What shows whether a lease lapsed, and what the lapse does. See `LeasedSession` in the domain. */
export type LeasedSessionRow = Pick<SessionRow, (typeof leasedSessionColumns)[number]>;
export const leasedSessionColumns = [
  'state',
  'last_sequence',
  'lease_handoff_id',
  'lease_returns_to',
  'lease_ms',
  'lease_expires_at',
] as const;

export const leasedSession = (row: LeasedSessionRow, observedAtMs: number): LeasedSession => ({
  state: row.state,
  lastSequence: row.last_sequence,
  lease: leaseOf(row),
  observedAtMs,
});

export const leaseColumns = (lease: SessionLease | undefined): LeaseColumns => ({
  lease_handoff_id: lease?.handoffId ?? null,
  lease_returns_to: lease?.returnsTo ?? null,
  lease_ms: lease?.durationMs ?? null,
  lease_expires_at: lease?.expiresAtMs ?? null,
});

export const ownershipColumns = (ownership: Ownership): OwnershipColumns => ({
  owner: ownership.owner,
  participants: JSON.stringify(ownership.participants),
  former_owners: JSON.stringify(ownership.formerOwners),
  former_participants: JSON.stringify(ownership.formerParticipants),
  epoch: ownership.epoch,
  owner_wrote_at: ownership.ownerWroteAtMs ?? null,
  owner_last_sequence: ownership.ownerLastSequence ?? null,
  taken_over_at: ownership.takenOverAtMs ?? null,
  lapsed_handoff_id: ownership.lapsedHandoffId ?? null,
  ...leaseColumns(ownership.lease),
  ...takeOverColumns(ownership.takeOver),
});

/** Finds the row of a session as it is stored. Its lease may have lapsed. */
export const prepareFindSession: (connection: Connection) => (ref: SessionRef) => SessionRow | undefined = preparedOnce(
  (connection) => {
    return connection.prepare((p: Placeholders<SessionRef>) =>
      db
        .selectFrom('sessions')
        .selectAll()
        .where('namespace', '=', p.namespace)
        .where('session_key', '=', p.sessionKey),
    ).get;
  },
);

/** Writes all columns of a session that can change, except those that only an append changes. */
export const prepareSaveSession: (connection: Connection) => (row: SessionRow) => void = preparedOnce((connection) => {
  return connection.prepare((p: Placeholders<SessionRow>) =>
    db
      .updateTable('sessions')
      .set({
        state: p.state,
        owner: p.owner,
        participants: p.participants,
        former_owners: p.former_owners,
        former_participants: p.former_participants,
        epoch: p.epoch,
        version: p.version,
        lease_handoff_id: p.lease_handoff_id,
        lease_returns_to: p.lease_returns_to,
        lease_ms: p.lease_ms,
        lease_expires_at: p.lease_expires_at,
        owner_wrote_at: p.owner_wrote_at,
        owner_last_sequence: p.owner_last_sequence,
        take_over_handoff_id: p.take_over_handoff_id,
        take_over_by: p.take_over_by,
        take_over_at: p.take_over_at,
        take_over_until: p.take_over_until,
        taken_over_at: p.taken_over_at,
        lapsed_handoff_id: p.lapsed_handoff_id,
        updated_at: p.updated_at,
        last_activity_at: p.last_activity_at,
        ttl_ms: p.ttl_ms,
        title: p.title,
        metadata: p.metadata,
        project: p.project,
      })
      .where('id', '=', p.id),
  ).run;
});
