import type { JsonObject, LeasedSession, Ownership, SessionLease, SessionRecord, SessionRef } from '@org/domain';
import type { Selectable } from 'kysely';
import type { Placeholders } from '../../prepared-query.js';
import type { SessionsTable } from '../schema/tables.js';
import type { Connection } from '../connection/connection.js';
import { preparedOnce } from '../connection/prepared-once.js';
import { db } from '../connection/query-builder.js';

export type SessionRow = Selectable<SessionsTable>;
type LeaseColumns = Pick<SessionRow, 'lease_handoff_id' | 'lease_returns_to' | 'lease_ms' | 'lease_expires_at'>;
type OwnershipColumns = Pick<SessionRow, 'owner' | 'participants' | 'former_owners' | 'epoch'> & LeaseColumns;

export function sessionRecord(row: Omit<SessionRow, 'id'>, observedAtMs: number): SessionRecord {
  return {
    uid: row.uid,
    namespace: row.namespace,
    sessionKey: row.session_key,
    state: row.state,
    owner: row.owner,
    participants: JSON.parse(row.participants) as string[],
    formerOwners: JSON.parse(row.former_owners) as string[],
    epoch: row.epoch,
    version: row.version,
    lastSequence: row.last_sequence,
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

/** See `isLeaseLapsed` in the domain. */
export const isLapsed = (row: Pick<SessionRow, 'state' | 'lease_expires_at'>, nowMs: number): boolean =>
  row.state === 'active' && row.lease_expires_at !== null && row.lease_expires_at <= nowMs;

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
  epoch: ownership.epoch,
  ...leaseColumns(ownership.lease),
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
        epoch: p.epoch,
        version: p.version,
        lease_handoff_id: p.lease_handoff_id,
        lease_returns_to: p.lease_returns_to,
        lease_ms: p.lease_ms,
        lease_expires_at: p.lease_expires_at,
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
