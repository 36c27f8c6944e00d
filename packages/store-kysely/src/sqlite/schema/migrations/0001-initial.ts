import type { Migration } from './migration.js';

export const initial: Migration = {
  version: 1,
  name: 'initial',
  script: `
    create table schema_migrations (
      version integer primary key,
      name text not null,
      applied_at integer not null
    ) strict;

    create table sessions (
      id integer primary key autoincrement,
      uid text not null unique,
      namespace text not null,
      session_key text not null,
      state text not null,
      owner text not null,
      participants text not null,
      epoch integer not null,
      version integer not null,
      last_sequence integer not null,
      content_bytes integer not null,
      estimated_tokens integer not null,
      created_at integer not null,
      updated_at integer not null,
      last_activity_at integer not null,
      ttl_ms integer,
      title text,
      metadata text not null,
      unique (namespace, session_key)
    ) strict;
    -- An index of SQLite ends in the row's id: this one holds a namespace's sessions in the order of their creation.
    create index sessions_namespace on sessions (namespace);

    create table context_history (
      session_id integer not null references sessions (id),
      sequence integer not null,
      context_type text not null,
      agent text not null,
      epoch integer not null,
      pinned integer not null,
      created_at integer not null,
      content_bytes integer not null,
      estimated_tokens integer not null,
      tokens_before integer not null,
      idempotency_key text,
      request_hash text,
      metadata text not null,
      content text not null,
      primary key (session_id, sequence)
    ) strict, without rowid;
    create unique index context_history_idempotency on context_history (session_id, agent, idempotency_key)
      where idempotency_key is not null;
    create index context_history_pinned on context_history (session_id, sequence) where pinned = 1;
    create index context_history_created_at on context_history (created_at);

    create table handoffs (
      id integer primary key autoincrement,
      handoff_id text not null,
      namespace text not null,
      session_id integer not null references sessions (id),
      session_key text not null,
      request_type text not null,
      status text not null,
      requesting_agent text not null,
      target_agent text,
      accepted_by text,
      upto_sequence integer not null,
      created_at integer not null,
      expires_at integer not null,
      resolved_at integer,
      reason text,
      summary text,
      instructions text,
      request_data text,
      result text,
      unique (namespace, handoff_id)
    ) strict;
    create index handoffs_inbox on handoffs (namespace, target_agent);
    -- An inbox shows what is pending unless asked otherwise: that must not cost more with every handoff ever made.
    create index handoffs_pending_inbox on handoffs (namespace, target_agent) where status = 'pending';
    create index handoffs_outbox on handoffs (namespace, requesting_agent);
    create index handoffs_pending_of_session on handoffs (session_id) where status = 'pending';
    create index handoffs_accepted_of_session on handoffs (session_id) where accepted_by is not null;

    create table idempotency_keys (
      id integer primary key,
      namespace text not null,
      agent text not null,
      tool text not null,
      session_key text not null,
      idempotency_key text not null,
      request_hash text not null,
      created_at integer not null,
      response text not null,
      unique (namespace, agent, tool, session_key, idempotency_key)
    ) strict;
    create index idempotency_keys_created_at on idempotency_keys (created_at);
  `,
};
