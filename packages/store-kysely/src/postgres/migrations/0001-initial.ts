import type { Migration } from './index.js';

/**
 * Plain SQL: what matters here (partial indexes, BRIN, fill factors, collations) has few words in Kysely's schema builder.
 *
 * Names are compared and ordered by their bytes, whatever the database's collation is. JSON is kept as it was written,
 * which `jsonb` would not do.
 *
 * Keys come after other indexes: while tables are too small to tell them apart, the planner takes the newest index that a
 * row can be found by.
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

    -- Every append changes its session's row: no index holds what it changes, and pages keep room for the next version of
    -- a row, so that such an update touches no index (it is "heap only").
    create table sessions (
      id bigint generated always as identity,
      uid uuid not null,
      namespace text collate "C" not null,
      session_key text collate "C" not null,
      state text not null,
      owner text collate "C" not null,
      participants text[] collate "C" not null,
      epoch integer not null,
      version integer not null,
      -- Grows with every offer: whoever has to see them all compares it.
      offers integer not null,
      last_sequence bigint not null,
      content_bytes bigint not null,
      estimated_tokens bigint not null,
      created_at timestamptz not null,
      updated_at timestamptz not null,
      last_activity_at timestamptz not null,
      ttl_ms bigint,
      title text,
      metadata json not null
    ) with (fillfactor = 75);
    -- Lists go by (id + 0), which no other index knows. Given the order of plain ids, the planner would rather walk over
    -- the primary key, and so over everybody's rows, in the hope of soon meeting enough that match.
    create index sessions_by_creation on sessions (namespace, (id + 0));
    alter table sessions add primary key (id), add unique (uid), add unique (namespace, session_key);

    -- No foreign key: the statement that appends has the session's row locked, and a key would look it up once more for
    -- every entry.
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
      idempotency_key text collate "C",
      request_hash text,
      metadata json not null,
      content text not null,
      primary key (session_id, sequence)
    );
    create unique index context_history_idempotency on context_history (session_id, agent, idempotency_key)
      where idempotency_key is not null;
    create index context_history_pinned on context_history (session_id, sequence) where pinned;
    create index context_history_created_at on context_history using brin (created_at);

    create table handoffs (
      id bigint generated always as identity,
      handoff_id text collate "C" not null,
      namespace text collate "C" not null,
      session_id bigint not null references sessions (id),
      session_key text collate "C" not null,
      request_type text not null,
      status text not null,
      requesting_agent text collate "C" not null,
      target_agent text collate "C",
      accepted_by text collate "C",
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
    -- An offer to anyone has no target; an index can only look for a value.
    create index handoffs_inbox on handoffs (namespace, coalesce(target_agent, ''), (id + 0));
    -- An inbox shows what is pending unless asked otherwise: that must not cost more with every handoff ever made.
    create index handoffs_pending_inbox on handoffs (namespace, coalesce(target_agent, ''), (id + 0))
      where status = 'pending';
    create index handoffs_outbox on handoffs (namespace, requesting_agent, (id + 0));
    -- The offers that are void when ownership moves, and those by which it moved: by who took it, and by who gave it away.
    create index handoffs_pending_of_session on handoffs (session_id, expires_at)
      where status = 'pending' and request_type = 'full_handoff';
    create index handoffs_taken on handoffs (session_id, accepted_by)
      where accepted_by is not null and request_type = 'full_handoff';
    create index handoffs_given_away on handoffs (session_id, requesting_agent)
      where accepted_by is not null and request_type = 'full_handoff';

    alter table handoffs add primary key (id), add unique (namespace, handoff_id);

    create table idempotency_keys (
      id bigint generated always as identity primary key,
      namespace text collate "C" not null,
      agent text collate "C" not null,
      tool text collate "C" not null,
      session_key text collate "C" not null,
      idempotency_key text collate "C" not null,
      request_hash text not null,
      created_at timestamptz not null,
      response json not null,
      constraint idempotency_keys_scope unique (namespace, agent, tool, session_key, idempotency_key)
    );
    create index idempotency_keys_created_at on idempotency_keys (created_at);
  `,
};
