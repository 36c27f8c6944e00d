import type { ContextType, HandoffStatus, RequestType, SessionState } from '@org/domain';
import type { Generated } from 'kysely';

/**
 * The tables on SQLite, as queries see them. Times are epoch milliseconds of the store's clock. `metadata`,
 * `participants`, `former_owners`, `request_data`, `result` and `response` are JSON texts.
 */
export interface Tables {
  sessions: SessionsTable;
  context_history: ContextHistoryTable;
  handoffs: HandoffsTable;
  read_marks: ReadMarksTable;
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
  /** Totals of the whole log, like the next one. Every append adds to them, so no read has to sum up entries. */
  readonly content_bytes: number;
  readonly estimated_tokens: number;
  readonly created_at: number;
  readonly updated_at: number;
  readonly last_activity_at: number;
  readonly ttl_ms: number | null;
  readonly title: string | null;
  readonly metadata: string;
  readonly former_owners: string;
  /** The lease on which the owner holds the session: all four columns, or none. */
  readonly lease_handoff_id: string | null;
  readonly lease_returns_to: string | null;
  readonly lease_ms: number | null;
  readonly lease_expires_at: number | null;
  /** A total of the whole log, like `content_bytes`. */
  readonly pinned_count: number;
  readonly project: string | null;
  readonly former_participants: string;
  /** When the owner last wrote since it became the owner. Null if it is not known to have written. */
  readonly owner_wrote_at: number | null;
  /** The newest entry of the owner since it became the owner. Null if there is none. */
  readonly owner_last_sequence: number | null;
  /** The pending request to take the session over that lapses last: all four columns, or none. */
  readonly take_over_handoff_id: string | null;
  readonly take_over_by: string | null;
  readonly take_over_at: number | null;
  readonly take_over_until: number | null;
  /** When the owner took the session over. Null if it became the owner in another way. */
  readonly taken_over_at: number | null;
  /** The handoff on whose lease the session was held, if the last move of ownership was its lapse. */
  readonly lapsed_handoff_id: string | null;
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
  /** Total of all entries before this one. A read of one row thus tells the total up to any entry. */
  readonly tokens_before: number;
  readonly idempotency_key: string | null;
  readonly request_hash: string | null;
  readonly metadata: string;
  readonly content: string;
  /** How many entries before a pinned one are pinned. Null for other entries. */
  readonly pinned_before: number | null;
}

/** One row per offer. The long texts come last: a scan that decides by the first columns never reads them. */
export interface HandoffsTable {
  /**
   * Its place in the lists: never reused, and ascending in the order of commits, because cursors hold it. An offer that
   * is pending again gets a new one.
   */
  readonly id: Generated<number>;
  readonly handoff_id: string;
  readonly namespace: string;
  readonly session_id: number;
  readonly session_key: string;
  readonly request_type: RequestType;
  /** As stored: an offer past its deadline is `pending` here for at least an hour, until a list comes across it. */
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
  /** Which process of the acceptor it was. Null if unknown. */
  readonly claimant: string | null;
  readonly granted_epoch: number | null;
  /**
   * When to check whether the lease that it gave has lapsed. It is never after the deadline, which moves with every
   * write and is on the session's row.
   */
  readonly lease_check_at: number | null;
  /** A copy of the session's, so that an inbox reads one table. */
  readonly project: string | null;
  /** What an accepted `take_over` found: `owner_wrote_at` and `owner_last_sequence` of the session. */
  readonly found_wrote_at: number | null;
  readonly found_last_sequence: number | null;
}

/** Up to where agents have read the logs. */
export interface ReadMarksTable {
  readonly session_id: number;
  readonly agent: string;
  readonly sequence: number;
}

/** The first answers of mutations that were given an idempotency key, except appends: an entry keeps its own key. */
export interface IdempotencyKeysTable {
  readonly id: Generated<number>;
  readonly namespace: string;
  readonly agent: string;
  readonly tool: string;
  /** Empty if the key's scope holds no session. */
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
