-- The schema on PostgreSQL after all migrations, as the database itself tells it: to be read, not to be run.
-- `vitest run -u postgres-schema` regenerates it.

-- The migrations that were applied.
create table schema_migrations (
  version integer not null,
  name text not null,
  applied_at timestamp with time zone not null,
  constraint schema_migrations_pkey primary key (version)
);

-- One row per session. Every append changes it: no index holds what changes, and pages keep room for the next
-- version of a row, so that such an update touches no index (it is "heap only").
create table sessions (
  -- Never reused: cursors hold it.
  id bigint generated always as identity not null,
  uid uuid not null,
  namespace text collate "C" not null,
  session_key text collate "C" not null,
  state text not null,
  owner text collate "C" not null,
  participants text[] collate "C" not null,
  former_owners text[] collate "C" default '{}'::text[] not null,
  epoch integer not null,
  -- Grows whenever something changes besides the log and the time of the last activity.
  version integer not null,
  -- Grows with every offer. A mutation that depends on the offers of the session compares it.
  offers integer not null,
  last_sequence bigint not null,
  -- A total of the whole log, like the next columns. Every append adds to it, so no read sums up entries.
  content_bytes bigint not null,
  estimated_tokens bigint not null,
  pinned_count bigint default 0 not null,
  created_at timestamp with time zone not null,
  updated_at timestamp with time zone not null,
  last_activity_at timestamp with time zone not null,
  -- Counted from the last activity. Null if the session never expires.
  ttl_ms bigint,
  lease_handoff_id text collate "C",
  lease_returns_to text collate "C",
  lease_ms bigint,
  -- The lease on which the owner holds the session, by lease_handoff_id. Each write of the owner moves it. Null if
  -- there is none.
  lease_expires_at timestamp with time zone,
  -- Where the work belongs. Null if it belongs nowhere: every list shows it.
  project text collate "C",
  -- When the owner last wrote since it became the owner, like the next column. Null if it is not known to have
  -- written.
  owner_wrote_at timestamp with time zone,
  owner_last_sequence bigint,
  -- The pending request to take the session over that lapses last, like the next three columns. Past
  -- take_over_until there is none.
  take_over_handoff_id text collate "C",
  take_over_by text collate "C",
  take_over_at timestamp with time zone,
  take_over_until timestamp with time zone,
  -- When the owner took the session over. Null if it became the owner in another way.
  taken_over_at timestamp with time zone,
  -- The handoff on whose lease the session was held, if the last move of ownership was its lapse.
  lapsed_handoff_id text collate "C",
  former_participants text[] collate "C" default '{}'::text[] not null,
  title text,
  -- Comes after all that appends change, like the title: of a changed row, PostgreSQL logs all from the first byte
  -- that changed to the last.
  metadata json not null,
  constraint sessions_namespace_session_key_key unique (namespace, session_key),
  constraint sessions_pkey primary key (id),
  constraint sessions_uid_key unique (uid)
) with (fillfactor=75);
-- Lists are in the order of (id + 0), which only their indexes contain. For the order of the plain id, the
-- planner would scan the primary key, and so the rows of all namespaces.
create index sessions_by_creation on sessions using btree (namespace, ((id + 0)));
-- A list of one project reads two ranges of it: the project's, and that of what has none.
create index sessions_by_project on sessions using btree (coalesce(project, ''::text), namespace, ((id + 0)));

-- The logs: one row per entry, immutable. The key makes a session's log one range. There is no foreign key: the
-- statement that appends has the session's row locked, and a key would look it up once more for every entry.
create table context_history (
  session_id bigint not null,
  -- 1, 2, 3 … in each session, without a gap.
  sequence bigint not null,
  context_type text not null,
  agent text collate "C" not null,
  -- The session's when the entry was written.
  epoch integer not null,
  pinned boolean not null,
  created_at timestamp with time zone not null,
  content_bytes bigint not null,
  estimated_tokens bigint not null,
  -- Total of all entries before this one. A read of one row thus shows the total up to any entry.
  tokens_before bigint not null,
  pinned_before bigint default 0 not null,
  idempotency_key text collate "C",
  request_hash text,
  metadata json not null,
  content text not null,
  constraint context_history_pkey primary key (session_id, sequence)
);
create unique index context_history_idempotency on context_history using btree (session_id, agent, idempotency_key) where (idempotency_key is not null);
create index context_history_pinned on context_history using btree (session_id, sequence) where pinned;
create index context_history_created_at on context_history using brin (created_at);

-- One row per offer. The long texts come last: a scan that decides by the first columns never reads them.
create table handoffs (
  -- Never reused, and ascending in the order of commits: cursors hold it.
  id bigint generated by default as identity not null,
  handoff_id text collate "C" not null,
  namespace text collate "C" not null,
  session_id bigint not null,
  session_key text collate "C" not null,
  request_type text not null,
  -- As stored: an offer past its deadline is pending here until a list comes across it.
  status text not null,
  requesting_agent text collate "C" not null,
  -- An agent, or role:NAME. Null for an offer to anyone.
  target_agent text collate "C",
  accepted_by text collate "C",
  claimant text collate "C",
  granted_epoch integer,
  -- When to check whether the lease of the acceptor has lapsed. Never after its deadline.
  lease_check_at timestamp with time zone,
  upto_sequence bigint not null,
  created_at timestamp with time zone not null,
  expires_at timestamp with time zone not null,
  resolved_at timestamp with time zone,
  reason text,
  summary text,
  instructions text,
  request_data json,
  result json,
  -- A copy of the session's, so that an inbox reads one table.
  project text collate "C",
  -- What an accepted request to take over found, like the next column: owner_wrote_at and owner_last_sequence of
  -- the session.
  found_wrote_at timestamp with time zone,
  found_last_sequence bigint,
  constraint handoffs_namespace_handoff_id_key unique (namespace, handoff_id),
  constraint handoffs_pkey primary key (id),
  constraint handoffs_session_id_fkey foreign key (session_id) references sessions(id) on delete cascade
);
create index handoffs_outbox on handoffs using btree (namespace, requesting_agent, ((id + 0)));
-- Finds the leases that may have lapsed. No index holds their deadlines, which move with every write.
create index handoffs_leased on handoffs using btree (namespace, lease_check_at) where (lease_check_at is not null);
-- An offer to anyone has no target; an index can only look for a value. On (id + 0), see sessions_by_creation.
-- The number of pending offers, not that of all handoffs, decides what an inbox costs.
create index handoffs_inbox on handoffs using btree (namespace, status collate "C", coalesce(target_agent, ''::text), ((id + 0)));
-- The offers of other projects cost an inbox nothing.
create index handoffs_inbox_of_project on handoffs using btree (coalesce(project, ''::text), namespace, status collate "C", coalesce(target_agent, ''::text), ((id + 0)));
create index handoffs_outbox_of_project on handoffs using btree (coalesce(project, ''::text), namespace, requesting_agent, ((id + 0)));
-- Finds the pending offers that move to another project with their session, and what is deleted with a session.
create index handoffs_of_session on handoffs using btree (session_id, status collate "C");
-- The handoffs that are cancelled when ownership moves.
create index handoffs_pending_of_session on handoffs using btree (session_id, expires_at) where ((status = 'pending'::text) and (request_type = any (array['full_handoff'::text, 'take_over'::text])));
-- Whether an agent has accepted a handoff of a session decides whether it may ask for it.
create index handoffs_accepted_of_session on handoffs using btree (session_id, accepted_by) where (accepted_by is not null);

-- How far each agent has read each log.
create table read_marks (
  session_id bigint not null,
  agent text collate "C" not null,
  sequence bigint not null,
  constraint read_marks_pkey primary key (session_id, agent),
  constraint read_marks_session_id_fkey foreign key (session_id) references sessions(id) on delete cascade
);

-- The first answers of mutations that were given an idempotency key, except appends: an entry keeps its own key.
-- Deleted after two days, a few by each new key.
create table idempotency_keys (
  id bigint generated always as identity not null,
  namespace text collate "C" not null,
  agent text collate "C" not null,
  tool text collate "C" not null,
  -- Empty if the scope of the key holds no session.
  session_key text collate "C" not null,
  idempotency_key text collate "C" not null,
  -- The session that the answer is about. The answer is deleted with it.
  session_id bigint not null,
  request_hash text not null,
  created_at timestamp with time zone not null,
  response json not null,
  constraint idempotency_keys_pkey primary key (id),
  constraint idempotency_keys_scope unique (namespace, agent, tool, session_key, idempotency_key),
  constraint idempotency_keys_session_id_fkey foreign key (session_id) references sessions(id) on delete cascade
);
create index idempotency_keys_created_at on idempotency_keys using btree (created_at);
create index idempotency_keys_of_session on idempotency_keys using btree (session_id);

-- Which agents have acted, and which roles (role:NAME) were listened to: about the newest 1,000 of a namespace.
-- An offer to a name that is not here gets a hint.
create table seen_agents (
  namespace text collate "C" not null,
  agent text collate "C" not null,
  -- Up to an hour old: a process writes each name at most once an hour.
  last_seen_at timestamp with time zone not null,
  constraint seen_agents_pkey primary key (namespace, agent)
);
create index seen_agents_by_time on seen_agents using btree (namespace, last_seen_at desc, agent);
