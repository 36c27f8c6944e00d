import type { Client } from 'pg';

/** The number of rows of each kind. */
export interface Fill {
  readonly sessions: number;
  /** In each session. */
  readonly entries: number;
  /** In one more session. */
  readonly longLog: number;
  /** The number of expired offers that no read has found yet, and of resolved handoffs. */
  readonly handoffs: number;
  readonly idempotencyKeys: number;
  /** The number of offers, all pending, in the namespace that projects share. A fifth as many sessions have made them. */
  readonly ofProjects: number;
}

/** The namespaces that {@link fillDatabase} fills. */
export const filled = {
  /** Nearly all rows are in this namespace. */
  large: 'large',
  /** The oldest sessions and offers, five of each, all live. */
  old: 'old',
  /** A session of 100 entries and no handoffs. */
  shortLog: 'short-log',
  /** The session with the longest log, and with many offers and changes of ownership. */
  longLog: 'long-log',
  /** The newest five offers in `large` are live, and for this agent. */
  target: 'implementer',
  requester: 'agent-1',
  /** Many projects share this namespace. All offers are to anyone, and from one agent. */
  shared: 'shared',
  /** Has only what is of one project in `shared`. */
  alone: 'alone',
  /** One session and one offer have this project, in `shared` and in `alone`. Another session and offer have none. */
  project: 'github.com/owner/mine',
} as const;

/**
 * Fills an empty database with what misleads a planner most: a namespace and a target whose rows are older than all
 * others, and an inbox in which nearly all offers have expired.
 */
export async function fillDatabase(client: Client, fill: Fill): Promise<void> {
  for (const script of [
    insertSessions(fill),
    insertEntries,
    insertHandoffs(fill),
    ...insertProjects(fill),
    insertKeys(fill),
    insertMarks,
    insertAgents,
  ]) {
    await client.query(script);
  }
  // Collects the planner's statistics, and removes dead rows, as autovacuum does.
  await client.query('vacuum analyze');
}

const insertSessions = ({ sessions, entries, longLog }: Fill): string => `
  insert into sessions (
    uid, namespace, session_key, state, owner, participants, epoch, version, offers, last_sequence, content_bytes,
    estimated_tokens, created_at, updated_at, last_activity_at, metadata
  )
  select gen_random_uuid(), namespace, session_key, 'active', 'agent-' || n % 100, '{}', 1, 1, 0, log, log * 10, log * 2,
    now(), now(), now(), '{}'
  from (
    select n, '${filled.old}' as namespace, 'session-' || n as session_key, ${entries} as log
    from generate_series(1, 5) as n
    union all select n, case n % 10 when 0 then 'small-' || n % 7 else '${filled.large}' end, 'session-' || n, ${entries}
    from generate_series(1, ${sessions}) as n
    union all values (1, '${filled.large}', '${filled.shortLog}', 100), (1, '${filled.large}', '${filled.longLog}', ${longLog})
  ) as session`;

const insertEntries = `
  insert into context_history (
    session_id, sequence, context_type, agent, epoch, pinned, created_at, content_bytes, estimated_tokens, tokens_before,
    idempotency_key, request_hash, metadata, content
  )
  select id, n, case n % 5 when 0 then 'file' else 'message' end, owner, 1, n % 10 = 0, now(), 10, 2, (n - 1) * 2,
    case n % 10 when 0 then 'key-' || n end, case n % 10 when 0 then 'hash' end, '{}', 'ten bytes.'
  from sessions, generate_series(1, last_sequence) as n`;

const insertHandoffs = ({ sessions, handoffs }: Fill): string => `
  insert into handoffs (
    handoff_id, namespace, session_id, session_key, request_type, status, requesting_agent, target_agent, accepted_by,
    upto_sequence, created_at, expires_at, resolved_at
  )
  select handoff_id, namespace, session_id, 'session-' || session_id, 'full_handoff', status, requesting_agent,
    target_agent, case when status = 'completed' then 'implementer' end, 50,
    now() - case kind when 'live' then interval '1 day' else interval '9 days' end,
    now() + case kind when 'live' then interval '7 days' else interval '-2 days' end,
    case when status <> 'pending' then now() end
  from (
    select 'live' as kind, 'old-' || n as handoff_id, '${filled.old}' as namespace, n as session_id, 'pending' as status,
      'agent-1' as requesting_agent, case when n < 5 then 'archivist' end as target_agent
    from generate_series(1, 5) as n
    union all
    select 'done', kind || '-' || n, '${filled.large}', 6 + n % ${sessions}, kind, 'agent-' || n % 100,
      case n % 4 when 0 then null when 1 then 'role:builder' when 2 then 'reviewer' else '${filled.target}' end
    from generate_series(1, ${handoffs}) as n, unnest(array['pending', 'completed']) as kind
    union all
    select 'done', 'of-' || log.session_key || kind || '-' || n, '${filled.large}', log.id, kind, 'agent-' || n % 10 + 2,
      'reviewer'
    from sessions as log, generate_series(1, ${handoffs} / 20) as n, unnest(array['pending', 'completed']) as kind
    where log.session_key = '${filled.longLog}'
    union all
    select 'live', 'live-' || n, '${filled.large}', 6 + n, 'pending', 'agent-1', '${filled.target}' from generate_series(1, 5) as n
  ) as offer`;

/** Makes one offer without a project first, then those of other projects, then that of the project. */
const insertProjects = ({ ofProjects }: Fill): string[] => [
  `
  insert into sessions (
    uid, namespace, session_key, state, owner, participants, epoch, version, offers, last_sequence, content_bytes,
    estimated_tokens, created_at, updated_at, last_activity_at, metadata, project
  )
  select gen_random_uuid(), namespace, 'of-' || n, 'active', 'agent-1', '{}', 1, 1, 0, 0, 0, 0, now(), now(), now(), '{}',
    case when n = 0 then null when n = ${ofProjects} / 5 + 1 then '${filled.project}' else 'other-' || n % 50 end
  from generate_series(0, ${ofProjects} / 5 + 1) as n, unnest(array['${filled.shared}', '${filled.alone}']) as namespace
  where namespace = '${filled.shared}' or n in (0, ${ofProjects} / 5 + 1)
  order by n`,
  `
  insert into handoffs (
    handoff_id, namespace, session_id, session_key, request_type, status, requesting_agent, upto_sequence, created_at,
    expires_at, project
  )
  select 'of-' || sessions.id || '-' || n, namespace, sessions.id, session_key, 'full_handoff', 'pending', 'agent-1', 0,
    now() - interval '1 day', now() + interval '7 days', project
  from sessions, generate_series(1, 5) as n
  where namespace in ('${filled.shared}', '${filled.alone}') and (n = 1 or project <> '${filled.project}')
  order by sessions.id`,
];

const insertMarks = `
  insert into read_marks (session_id, agent, sequence)
  select id, 'agent-' || n, 1 from sessions, generate_series(1, 5) as n`;

/** As many names as a namespace keeps, and a few more. */
const insertAgents = `
  insert into seen_agents (namespace, agent, last_seen_at)
  select namespace, 'agent-' || n, now() - n * interval '1 hour'
  from unnest(array['${filled.old}', '${filled.large}', 'small-1', 'small-2']) as namespace,
    generate_series(1, case when namespace like 'small%' then 20 else 1018 end) as n`;

const insertKeys = ({ idempotencyKeys }: Fill): string => `
  insert into idempotency_keys (
    namespace, agent, tool, session_key, idempotency_key, session_id, request_hash, created_at, response
  )
  select '${filled.large}', 'agent-' || n % 100, 'tool', '', 'key-' || n, 6 + n % 1000, 'hash',
    now() - n * interval '72 hours' / ${idempotencyKeys}, '{}'
  from generate_series(1, ${idempotencyKeys}) as n`;
