import type { ContextType, HandoffStatus, JsonObject, RequestType, SessionState } from '@org/domain';
import type { ColumnType, Generated, GeneratedAlways } from 'kysely';

/**
 * The tables on PostgreSQL, as queries see them: what the driver returns for a column, and what it takes. `bigint` is a
 * number, because the pool parses it to one. `timestamptz` is a `Date`, but reads select epoch milliseconds instead: see
 * `epochMs`.
 */
export interface Tables {
  sessions: SessionsTable;
  context_history: ContextHistoryTable;
  handoffs: HandoffsTable;
  read_marks: ReadMarksTable;
  idempotency_keys: IdempotencyKeysTable;
  schema_migrations: SchemaMigrationsTable;
}

/** The driver parses JSON that it reads, and takes a JSON text. It would write an array as an array of PostgreSQL. */
type Json = ColumnType<JsonObject, string, string>;

/** One row per session. No index holds a column that an append changes. */
export interface SessionsTable {
  /** Never reused: cursors hold it. */
  readonly id: GeneratedAlways<number>;
  readonly uid: string;
  readonly namespace: string;
  readonly session_key: string;
  readonly state: SessionState;
  readonly owner: string;
  readonly participants: readonly string[];
  readonly former_owners: Generated<readonly string[]>;
  readonly former_participants: Generated<readonly string[]>;
  readonly epoch: number;
  /** Grows with every change except to the log and to the time of the last activity. */
  readonly version: number;
  /** Grows with every offer. A mutation that depends on the session's offers compares it. */
  readonly offers: number;
  readonly last_sequence: number;
  /** Totals of the whole log, like the next two. Every append adds to them, so no read has to sum up entries. */
  readonly content_bytes: number;
  readonly estimated_tokens: number;
  readonly pinned_count: Generated<number>;
  readonly created_at: Date;
  readonly updated_at: Date;
  readonly last_activity_at: Date;
  /** Counted from the last activity. Null if the session never expires. */
  readonly ttl_ms: number | null;
  /** The lease on which the owner holds the session: all four columns, or none. */
  readonly lease_handoff_id: string | null;
  readonly lease_returns_to: string | null;
  readonly lease_ms: number | null;
  readonly lease_expires_at: Date | null;
  /** When the owner last wrote since it became the owner. Null if it is not known to have written. */
  readonly owner_wrote_at: Date | null;
  /** The newest entry of the owner since it became the owner. Null if there is none. */
  readonly owner_last_sequence: number | null;
  /** The pending request to take the session over that lapses last: all four columns, or none. */
  readonly take_over_handoff_id: string | null;
  readonly take_over_by: string | null;
  readonly take_over_at: Date | null;
  readonly take_over_until: Date | null;
  /** When the owner took the session over. Null if it became the owner in another way. */
  readonly taken_over_at: Date | null;
  /** The handoff on whose lease the session was held, if the last move of ownership was its lapse. */
  readonly lapsed_handoff_id: string | null;
  readonly title: string | null;
  readonly metadata: Json;
  /** Where the work belongs. Null if it belongs nowhere. */
  readonly project: string | null;
}

/** The logs: one row per entry, immutable. The key makes the log of a session one contiguous range. */
export interface ContextHistoryTable {
  readonly session_id: number;
  readonly sequence: number;
  readonly context_type: ContextType;
  readonly agent: string;
  /** The session's when the entry was written. */
  readonly epoch: number;
  readonly pinned: boolean;
  readonly created_at: Date;
  readonly content_bytes: number;
  readonly estimated_tokens: number;
  /** Total of all entries before this one. A read of one row thus tells the total up to any entry. */
  readonly tokens_before: number;
  /** How many entries before this one are pinned. */
  readonly pinned_before: Generated<number>;
  readonly idempotency_key: string | null;
  readonly request_hash: string | null;
  readonly metadata: Json;
  readonly content: string;
}

/** One row per offer. The long texts come last: a scan that decides by the first columns never reads them. */
export interface HandoffsTable {
  /**
   * Its place in the lists: never reused, and ascending in the order of commits, because cursors hold it. An offer that
   * is pending again, or moves to another project, gets a new one.
   */
  readonly id: Generated<number>;
  readonly handoff_id: string;
  readonly namespace: string;
  readonly session_id: number;
  readonly session_key: string;
  readonly request_type: RequestType;
  /** As stored: an offer past its deadline is `pending` here until a list comes across it. */
  readonly status: HandoffStatus;
  readonly requesting_agent: string;
  /** An agent, or `role:NAME`. Null for an offer to anyone. */
  readonly target_agent: string | null;
  readonly accepted_by: string | null;
  /** Which process of the acceptor it was. Null if unknown. */
  readonly claimant: string | null;
  readonly granted_epoch: number | null;
  /**
   * When to check whether the lease that it gave has lapsed. It is never after the deadline, which moves with every
   * write and is on the session's row.
   */
  readonly lease_check_at: Date | null;
  /** What an accepted `take_over` found: `owner_wrote_at` and `owner_last_sequence` of the session. */
  readonly found_wrote_at: Date | null;
  readonly found_last_sequence: number | null;
  readonly upto_sequence: number;
  readonly created_at: Date;
  readonly expires_at: Date;
  readonly resolved_at: Date | null;
  readonly reason: string | null;
  readonly summary: string | null;
  readonly instructions: string | null;
  readonly request_data: Json | null;
  readonly result: Json | null;
  /** A copy of the session's, so that an inbox reads one table. */
  readonly project: string | null;
}

/** Up to where agents have read the logs. */
export interface ReadMarksTable {
  readonly session_id: number;
  readonly agent: string;
  readonly sequence: number;
}

/** The first answers of mutations that were given an idempotency key, except appends: an entry keeps its own key. */
export interface IdempotencyKeysTable {
  readonly id: GeneratedAlways<number>;
  readonly namespace: string;
  readonly agent: string;
  readonly tool: string;
  /** Empty if the key's scope holds no session. */
  readonly session_key: string;
  readonly idempotency_key: string;
  /** The session that the answer is about. The answer is deleted with it. */
  readonly session_id: number;
  readonly request_hash: string;
  readonly created_at: Date;
  readonly response: Json;
}

/** The migrations that were applied. */
export interface SchemaMigrationsTable {
  readonly version: number;
  readonly name: string;
  readonly applied_at: Date;
}
