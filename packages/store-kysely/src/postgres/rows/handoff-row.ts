import type { HandoffRecord, HandoffStatus, JsonObject, RequestType } from '@org/domain';
import { sql, type RawBuilder } from 'kysely';
import { epochMs } from '../statements/clock.js';
import type { SessionRow } from './session-row.js';

/** What is read of a handoff: {@link handoffColumns}. */
export interface HandoffRow {
  readonly id: number;
  readonly handoff_id: string;
  readonly namespace: string;
  readonly session_id: number;
  readonly session_key: string;
  readonly request_type: RequestType;
  readonly status: HandoffStatus;
  readonly requesting_agent: string;
  readonly target_agent: string | null;
  readonly accepted_by: string | null;
  readonly claimant: string | null;
  readonly granted_epoch: number | null;
  readonly upto_sequence: number;
  readonly created_at: number;
  readonly expires_at: number;
  readonly resolved_at: number | null;
  readonly reason: string | null;
  readonly summary: string | null;
  readonly instructions: string | null;
  readonly request_data: JsonObject | null;
  readonly result: JsonObject | null;
}

/** To be selected from, or returned by, a statement in which `handoffs` is the only table with such columns. */
export const handoffColumns: RawBuilder<HandoffRow> = sql`
  handoffs.id, handoffs.handoff_id, handoffs.namespace, handoffs.session_id, handoffs.session_key,
  handoffs.request_type, handoffs.status, handoffs.requesting_agent, handoffs.target_agent, handoffs.accepted_by,
  handoffs.claimant, handoffs.granted_epoch,
  handoffs.upto_sequence, ${epochMs(sql`handoffs.created_at`)} as created_at,
  ${epochMs(sql`handoffs.expires_at`)} as expires_at, ${epochMs(sql`handoffs.resolved_at`)} as resolved_at,
  handoffs.reason, handoffs.summary, handoffs.instructions, handoffs.request_data, handoffs.result`;

/** A {@link HandoffRow} as one JSON value, where a statement can name the columns of `handoffs`. */
export const handoffJson: RawBuilder<HandoffRow> = sql`(select row_to_json(fields) from (select ${handoffColumns}) as fields)`;

/** What is read of a handoff's session to tell the lease: see `HandoffRecord.leaseExpiresAtMs`. */
type LeaseOfSession = Pick<SessionRow, 'lease_handoff_id' | 'lease_expires_at'>;

/** @param session the handoff's session. Default: it is not held on a lease of this handoff */
export const handoffRecord = (row: HandoffRow, observedAtMs: number, session?: LeaseOfSession): HandoffRecord => ({
  handoffId: row.handoff_id,
  namespace: row.namespace,
  sessionKey: row.session_key,
  requestType: row.request_type,
  status: row.status,
  requestingAgent: row.requesting_agent,
  targetAgent: row.target_agent ?? undefined,
  acceptedBy: row.accepted_by ?? undefined,
  claimant: row.claimant ?? undefined,
  grantedEpoch: row.granted_epoch ?? undefined,
  leaseExpiresAtMs: session?.lease_handoff_id === row.handoff_id ? (session.lease_expires_at ?? undefined) : undefined,
  uptoSequence: row.upto_sequence,
  summary: row.summary ?? undefined,
  instructions: row.instructions ?? undefined,
  requestData: row.request_data ?? undefined,
  createdAtMs: row.created_at,
  expiresAtMs: row.expires_at,
  resolvedAtMs: row.resolved_at ?? undefined,
  reason: row.reason ?? undefined,
  result: row.result ?? undefined,
  observedAtMs,
});
