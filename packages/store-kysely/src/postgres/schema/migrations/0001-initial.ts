import type { Migration } from './index.js';

/**
 * SQL, because Kysely's schema builder has few words for partial indexes, BRIN, fill factors and collations.
 *
 * Names are compared and ordered by their bytes, whatever the database's collation is. JSON is kept as it was written,
 * which `jsonb` would not do. Tables, columns and indexes are described by `comment on`, for readers of the database.
 *
 * Keys are created after other indexes: while tables are too small to tell them apart, the planner takes the newest index
 * that finds a row.
 */
export const initial: Migration = {
  version: 1,
  name: 'initial',
  script: `
    create table schema_migrations (
      version integer primary key,
      name text not null,
      applied_at timestamptz not null
    );
    comment on table schema_migrations is 'The migrations that were applied.';

    create table sessions (
      id bigint generated always as identity,
      uid uuid not null,
      namespace text collate "C" not null,
      session_key text collate "C" not null,
      state text not null,
      owner text collate "C" not null,
      participants text[] collate "C" not null,
      former_owners text[] collate "C" not null default '{}',
      epoch integer not null,
      version integer not null,
      offers integer not null,
      last_sequence bigint not null,
      content_bytes bigint not null,
      estimated_tokens bigint not null,
      pinned_count bigint not null default 0,
      created_at timestamptz not null,
      updated_at timestamptz not null,
      last_activity_at timestamptz not null,
      ttl_ms bigint,
      lease_handoff_id text collate "C",
      lease_returns_to text collate "C",
      lease_ms bigint,
      lease_expires_at timestamptz,
      title text,
      metadata json not null
    ) with (fillfactor = 75);
    comment on table sessions is 'One row per session. Every append changes it: no index holds what changes, and pages keep room for the next version of a row, so that such an update touches no index (it is "heap only").';
    comment on column sessions.id is 'Never reused: cursors hold it.';
    comment on column sessions.version is 'Grows whenever something changes besides the log and the time of the last activity.';
    comment on column sessions.lease_expires_at is 'The lease on which the owner holds the session, by lease_handoff_id. Each write of the owner moves it. Null if there is none.';
    comment on column sessions.offers is 'Grows with every offer. A mutation that depends on the offers of the session compares it.';
    comment on column sessions.content_bytes is 'A total of the whole log, like the next columns. Every append adds to it, so no read sums up entries.';
    comment on column sessions.ttl_ms is 'Counted from the last activity. Null if the session never expires.';

    create index sessions_by_creation on sessions (namespace, (id + 0));
    comment on index sessions_by_creation is 'Lists are in the order of (id + 0), which only their indexes contain. For the order of the plain id, the planner would scan the primary key, and so the rows of all namespaces.';
    alter table sessions add primary key (id), add unique (uid), add unique (namespace, session_key);

    create table context_history (
      session_id bigint not null,
      sequence bigint not null,
      context_type text not null,
      agent text collate "C" not null,
      epoch integer not null,
      pinned boolean not null,
      created_at timestamptz not null,
      content_bytes bigint not null,
      estimated_tokens bigint not null,
      tokens_before bigint not null,
      pinned_before bigint not null default 0,
      idempotency_key text collate "C",
      request_hash text,
      metadata json not null,
      content text not null,
      primary key (session_id, sequence)
    );
    comment on table context_history is 'The logs: one row per entry, immutable. The key makes a session''s log one range. There is no foreign key: the statement that appends has the session''s row locked, and a key would look it up once more for every entry.';
    comment on column context_history.sequence is '1, 2, 3 … in each session, without a gap.';
    comment on column context_history.epoch is 'The session''s when the entry was written.';
    comment on column context_history.tokens_before is 'Total of all entries before this one. A read of one row thus shows the total up to any entry.';
    create unique index context_history_idempotency on context_history (session_id, agent, idempotency_key)
      where idempotency_key is not null;
    create index context_history_pinned on context_history (session_id, sequence) where pinned;
    create index context_history_created_at on context_history using brin (created_at);

    create table handoffs (
      id bigint generated always as identity,
      handoff_id text collate "C" not null,
      namespace text collate "C" not null,
      session_id bigint not null references sessions (id) on delete cascade,
      session_key text collate "C" not null,
      request_type text not null,
      status text not null,
      requesting_agent text collate "C" not null,
      target_agent text collate "C",
      accepted_by text collate "C",
      claimant text collate "C",
      granted_epoch integer,
      lease_check_at timestamptz,
      upto_sequence bigint not null,
      created_at timestamptz not null,
      expires_at timestamptz not null,
      resolved_at timestamptz,
      reason text,
      summary text,
      instructions text,
      request_data json,
      result json
    );
    comment on table handoffs is 'One row per offer. The long texts come last: a scan that decides by the first columns never reads them.';
    comment on column handoffs.id is 'Never reused, and ascending in the order of commits: cursors hold it.';
    comment on column handoffs.status is 'As stored: an offer past its deadline is pending here until a list comes across it.';
    comment on column handoffs.lease_check_at is 'When to check whether the lease of the acceptor has lapsed. Never after its deadline.';
    comment on column handoffs.target_agent is 'An agent, or role:NAME. Null for an offer to anyone.';

    create index handoffs_inbox on handoffs (namespace, coalesce(target_agent, ''), (id + 0));
    comment on index handoffs_inbox is 'An offer to anyone has no target; an index can only look for a value. On (id + 0), see sessions_by_creation.';
    create index handoffs_pending_inbox on handoffs (namespace, coalesce(target_agent, ''), (id + 0))
      where status = 'pending';
    comment on index handoffs_pending_inbox is 'An inbox shows pending offers by default. Their number, not that of all handoffs, decides what it costs.';
    create index handoffs_outbox on handoffs (namespace, requesting_agent, (id + 0));
    create index handoffs_pending_of_session on handoffs (session_id, expires_at)
      where status = 'pending' and request_type = 'full_handoff';
    comment on index handoffs_pending_of_session is 'The offers that are cancelled when ownership moves.';
    create index handoffs_of_session on handoffs (session_id);
    create index handoffs_leased on handoffs (namespace, lease_check_at) where lease_check_at is not null;
    comment on index handoffs_leased is 'Finds the leases that may have lapsed. No index holds their deadlines, which move with every write.';
    alter table handoffs add primary key (id), add unique (namespace, handoff_id);

    create table read_marks (
      session_id bigint not null references sessions (id) on delete cascade,
      agent text collate "C" not null,
      sequence bigint not null,
      primary key (session_id, agent)
    );
    comment on table read_marks is 'How far each agent has read each log.';

    create table idempotency_keys (
      id bigint generated always as identity primary key,
      namespace text collate "C" not null,
      agent text collate "C" not null,
      tool text collate "C" not null,
      session_key text collate "C" not null,
      idempotency_key text collate "C" not null,
      session_id bigint not null references sessions (id) on delete cascade,
      request_hash text not null,
      created_at timestamptz not null,
      response json not null,
      constraint idempotency_keys_scope unique (namespace, agent, tool, session_key, idempotency_key)
    );
    comment on table idempotency_keys is 'The first answers of mutations that were given an idempotency key, except appends: an entry keeps its own key. Deleted after two days, a few by each new key.';
    comment on column idempotency_keys.session_id is 'The session that the answer is about. The answer is deleted with it.';
    comment on column idempotency_keys.session_key is 'Empty if the scope of the key holds no session.';
    create index idempotency_keys_created_at on idempotency_keys (created_at);
    create index idempotency_keys_of_session on idempotency_keys (session_id);
  `,
};
