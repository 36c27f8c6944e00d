import type { HandoffRecord, TookOverRecord } from '@org/domain';
import { expressionBuilder, sql, type RawBuilder, type Selection } from 'kysely';
import type { Tables } from '../schema/tables.js';
import { epochMs } from '../statements/clock.js';
import { selectionList } from '../statements/expressions.js';
import type { SessionRow } from './session-row.js';

const handoffs = expressionBuilder<Tables, 'handoffs'>();

/** All that is read of a handoff. `handoffs` must be the only table of the statement that has such columns. */
export const handoffColumns = [
  'handoffs.id',
  'handoffs.handoff_id',
  'handoffs.namespace',
  'handoffs.session_id',
  'handoffs.session_key',
  'handoffs.request_type',
  'handoffs.status',
  'handoffs.requesting_agent',
  'handoffs.target_agent',
  'handoffs.accepted_by',
  'handoffs.claimant',
  'handoffs.granted_epoch',
  epochMs(handoffs.ref('handoffs.found_wrote_at')).as('found_wrote_at'),
  'handoffs.found_last_sequence',
  'handoffs.upto_sequence',
  epochMs(handoffs.ref('handoffs.created_at')).as('created_at'),
  epochMs(handoffs.ref('handoffs.expires_at')).as('expires_at'),
  epochMs(handoffs.ref('handoffs.resolved_at')).as('resolved_at'),
  'handoffs.reason',
  'handoffs.summary',
  'handoffs.instructions',
  'handoffs.request_data',
  'handoffs.result',
  'handoffs.project',
] as const;

export type HandoffRow = Selection<Tables, 'handoffs', (typeof handoffColumns)[number]>;

/** A {@link HandoffRow} as one JSON value, where a statement in SQL can name the columns of `handoffs`. */
export const handoffJson: RawBuilder<HandoffRow> = sql`
  (select row_to_json(fields) from (select ${selectionList(handoffColumns)}) as fields)`;

/** The lease of a handoff's session: see `HandoffRecord.leaseExpiresAtMs`. */
type LeaseOfSession = Pick<SessionRow, 'lease_handoff_id' | 'lease_expires_at'>;

/** @param session the handoff's session. Default: a session that is not held on a lease of this handoff */
export const handoffRecord = (row: HandoffRow, observedAtMs: number, session?: LeaseOfSession): HandoffRecord => ({
  handoffId: row.handoff_id,
  namespace: row.namespace,
  sessionKey: row.session_key,
  project: row.project ?? undefined,
  requestType: row.request_type,
  status: row.status,
  requestingAgent: row.requesting_agent,
  targetAgent: row.target_agent ?? undefined,
  acceptedBy: row.accepted_by ?? undefined,
  claimant: row.claimant ?? undefined,
  grantedEpoch: row.granted_epoch ?? undefined,
  tookOver: tookOverOf(row),
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

function tookOverOf(row: HandoffRow): TookOverRecord | undefined {
  // A request is addressed to the owner, and any move of ownership cancels it: its target is the former owner.
  const { target_agent: from, found_wrote_at: wroteAt, found_last_sequence: lastSequence } = row;
  if (row.request_type !== 'take_over' || row.accepted_by === null || from === null) return undefined;
  return { from, lastSequence: lastSequence ?? undefined, lastWroteAtMs: wroteAt ?? undefined };
}
