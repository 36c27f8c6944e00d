-- The schema on SQLite after all migrations, as the database itself tells it: to be read, not to be run.
-- `vitest run -u schema` regenerates it.

CREATE TABLE schema_migrations (
  version integer primary key,
  name text not null,
  applied_at integer not null
) strict;

CREATE TABLE sessions (
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
  metadata text not null, former_owners text not null default '[]', lease_handoff_id text, lease_returns_to text, lease_ms integer, lease_expires_at integer, pinned_count integer not null default 0, project text, former_participants text not null default '[]', owner_wrote_at integer, owner_last_sequence integer, take_over_handoff_id text, take_over_by text, take_over_at integer, take_over_until integer, taken_over_at integer, lapsed_handoff_id text,
  unique (namespace, session_key)
) strict;

CREATE INDEX sessions_namespace on sessions (namespace);

CREATE TABLE context_history (
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
  content text not null, pinned_before integer,
  primary key (session_id, sequence)
) strict, without rowid;

CREATE UNIQUE INDEX context_history_idempotency on context_history (session_id, agent, idempotency_key)
  where idempotency_key is not null;

CREATE INDEX context_history_pinned on context_history (session_id, sequence) where pinned = 1;

CREATE INDEX context_history_created_at on context_history (created_at);

CREATE TABLE handoffs (
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
  result text, claimant text, granted_epoch integer, lease_check_at integer, project text, found_wrote_at integer, found_last_sequence integer,
  unique (namespace, handoff_id)
) strict;

CREATE INDEX handoffs_outbox on handoffs (namespace, requesting_agent);

CREATE TABLE idempotency_keys (
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

CREATE INDEX idempotency_keys_created_at on idempotency_keys (created_at);

CREATE INDEX handoffs_lease_check on handoffs (namespace, lease_check_at) where lease_check_at is not null;

CREATE INDEX handoffs_of_session on handoffs (session_id, status);

CREATE TABLE read_marks (
  session_id integer not null references sessions (id),
  agent text not null,
  sequence integer not null,
  primary key (session_id, agent)
) strict, without rowid;

CREATE INDEX idempotency_keys_about on idempotency_keys (
  namespace, coalesce(response ->> '$.session.sessionKey', response ->> '$.handoff.sessionKey')
);

CREATE INDEX sessions_by_project on sessions (namespace, project);

CREATE INDEX handoffs_inbox on handoffs (namespace, status, target_agent);

CREATE INDEX handoffs_inbox_of_project on handoffs (namespace, project, status, target_agent);

CREATE INDEX handoffs_outbox_of_project on handoffs (namespace, project, requesting_agent);

CREATE INDEX handoffs_pending_take_overs on handoffs (session_id, expires_at)
  where status = 'pending' and request_type = 'take_over';

CREATE INDEX handoffs_accepted_of_session on handoffs (session_id, accepted_by) where accepted_by is not null;
