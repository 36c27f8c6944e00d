import type { ContextType, HandoffStatus, RequestType, SessionState } from '@org/domain';
import type { Generated } from 'kysely';

/**
 * The tables, as queries see them. Times are epoch milliseconds of the store's clock; `metadata`, `participants`,
 * `request_data`, `result` and `response` are JSON texts.
 */
export interface Tables {
  sessions: SessionsTable;
  context_history: ContextHistoryTable;
  handoffs: HandoffsTable;
  idempotency_keys: IdempotencyKeysTable;
  schema_migrations: SchemaMigrationsTable;
}

/** One row per session. No index holds a column that an append changes. */
export interface SessionsTable {
  /** Never reused: cursors hold it. */
  readonly id: Generated<number>;
  readonly uid: string;
  readonly namespace: string;
  readonly session_key: string;
  readonly state: SessionState;
  readonly owner: string;
  readonly participants: string;
  readonly epoch: number;
  readonly version: number;
  readonly last_sequence: number;
  /** Of the whole log; they grow with it, so that nothing ever sums it up. */
  readonly content_bytes: number;
  readonly estimated_tokens: number;
  readonly created_at: number;
  readonly updated_at: number;
  readonly last_activity_at: number;
  readonly ttl_ms: number | null;
  readonly title: string | null;
  readonly metadata: string;
}

/** The logs: one row per entry, immutable. The key makes the log of a session one contiguous range. */
export interface ContextHistoryTable {
  readonly session_id: number;
  readonly sequence: number;
  readonly context_type: ContextType;
  readonly agent: string;
  /** The session's when the entry was written. */
  readonly epoch: number;
  readonly pinned: 0 | 1;
  readonly created_at: number;
  readonly content_bytes: number;
  readonly estimated_tokens: number;
  /** Of all entries before this one: what a log holds up to any entry is a look-up of one row. */
  readonly tokens_before: number;
  readonly idempotency_key: string | null;
  readonly request_hash: string | null;
  readonly metadata: string;
  readonly content: string;
}

/** One row per offer. The long texts come last: a scan that decides by the first columns never reads them. */
export interface HandoffsTable {
  /** Never reused, and ascending in the order of commits: cursors hold it. */
  readonly id: Generated<number>;
  readonly handoff_id: string;
  readonly namespace: string;
  readonly session_id: number;
  readonly session_key: string;
  readonly request_type: RequestType;
  /** As stored: an offer past its deadline is `pending` here until a list comes across it. */
  readonly status: HandoffStatus;
  readonly requesting_agent: string;
  readonly target_agent: string | null;
  readonly accepted_by: string | null;
  readonly upto_sequence: number;
  readonly created_at: number;
  readonly expires_at: number;
  readonly resolved_at: number | null;
  readonly reason: string | null;
  readonly summary: string | null;
  readonly instructions: string | null;
  readonly request_data: string | null;
  readonly result: string | null;
}

/** The first answers of mutations that were given an idempotency key, except appends: an entry keeps its own key. */
export interface IdempotencyKeysTable {
  readonly id: Generated<number>;
  readonly namespace: string;
  readonly agent: string;
  readonly tool: string;
  /** Empty where the key's scope holds no session. */
  readonly session_key: string;
  readonly idempotency_key: string;
  readonly request_hash: string;
  readonly created_at: number;
  readonly response: string;
}

/** The migrations that were applied. */
export interface SchemaMigrationsTable {
  readonly version: number;
  readonly name: string;
  readonly applied_at: number;
}
