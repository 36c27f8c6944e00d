import { Client } from 'pg';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { getTypeParser, type ConnectionPool } from '../src/postgres/connection-pool.js';
import { createDatabase } from '../src/postgres/database.js';
import { migratePostgres } from '../src/postgres/migrate.js';
import { prepareOperations } from '../src/postgres/operations.js';
import { appendWork, createWork, offerWork, readWork, work } from './requests.js';
import { temporaryDatabase, type TemporaryDatabase } from '@org/store-kysely/testing';

/** Enough that no table is better read as a whole. */
const fill = `
  insert into sessions (
    uid, namespace, session_key, state, owner, participants, epoch, version, offers, last_sequence, content_bytes,
    estimated_tokens, created_at, updated_at, last_activity_at, metadata
  )
  select gen_random_uuid(), 'default', 'session-' || n, 'active', 'planner', '{}', 1, 1, 0, 50, 500, 100, now(), now(),
    now(), '{}'
  from generate_series(1, 2000) as n;

  insert into context_history (
    session_id, sequence, context_type, agent, epoch, pinned, created_at, content_bytes, estimated_tokens, tokens_before,
    idempotency_key, request_hash, metadata, content
  )
  select sessions.id, n, 'message', 'planner', 1, n % 10 = 0, now(), 10, 2, (n - 1) * 2, 'key-' || n, 'hash', '{}',
    'ten bytes.'
  from sessions, generate_series(1, 50) as n;

  insert into handoffs (
    handoff_id, namespace, session_id, session_key, request_type, status, requesting_agent, accepted_by, upto_sequence,
    created_at, expires_at
  )
  select 'offer-' || sessions.id || '-' || n, 'default', sessions.id, session_key, 'full_handoff',
    case n when 1 then 'pending' else 'accepted' end, 'agent-' || sessions.id % 100,
    case n when 1 then null else 'implementer' end, 50, now(), now()
  from sessions, generate_series(1, 5) as n;

  insert into idempotency_keys (
    namespace, agent, tool, session_key, idempotency_key, request_hash, created_at, response
  )
  select 'default', 'planner', 'tool', '', 'key-' || n, 'hash', now(), '{}' from generate_series(1, 5000) as n;

  analyze;
`;

interface Plan {
  readonly 'Node Type': string;
  readonly 'Relation Name'?: string;
  readonly Plans?: readonly Plan[];
}

let database: TemporaryDatabase;
let client: Client;
const plans = new Map<string, Plan>();

/** Plans each statement as for any arguments, and then answers it. */
const explainingPool: Pick<ConnectionPool, 'run'> = {
  run: async ({ name, text, values }) => {
    const count = Math.max(0, ...[...text.matchAll(/\$(\d+)/g)].map(([, place]) => Number(place)));
    const args = count === 0 ? '' : `(${Array.from({ length: count }, () => 'null').join()})`;
    await client.query(`prepare ${name} as ${text}`);
    const { rows } = await client.query<{ 'QUERY PLAN': [{ Plan: Plan }] }>(
      `explain (format json) execute ${name}${args}`,
    );
    await client.query(`deallocate ${name}`);
    const [explained] = rows;
    if (explained !== undefined) plans.set(name, explained['QUERY PLAN'][0].Plan);
    return (await client.query({ text, values: [...values] })).rows as never[];
  },
};

beforeAll(async () => {
  database = await temporaryDatabase();
  await migratePostgres(database.url);
  client = new Client({ connectionString: database.url, types: { getTypeParser } });
  await client.connect();
  await client.query(fill);
  await client.query('set plan_cache_mode = force_generic_plan');
});

afterAll(async () => {
  await client.end();
  await database.drop();
});

it('finds every row of ours by an index', async () => {
  const pool: ConnectionPool = { ...explainingPool, close: () => Promise.resolve() };
  const operations = prepareOperations(
    createDatabase(pool, () => 0),
    { flushes: 1, maxWaiting: 10 },
  );
  const { namespace } = work;
  const idempotency = { key: 'k', tool: 'tool', requestHash: 'hash' };
  const inbox = { namespace, agent: 'implementer', direction: 'inbox', roles: ['builder'], limit: 20 } as const;
  await operations.createSession(createWork);
  await operations.appendEntry(appendWork('a'));
  await operations.appendEntry(appendWork('a', { idempotency }));
  await operations.readSession(work);
  await operations.readEntries(readWork());
  await operations.readEntries({ ...readWork(), direction: 'descending' });
  await operations.readBriefing({ ...work, pinnedLimit: 5, newestLimit: 5, maxContentLength: 100 });
  await operations.listSessions({ namespace, limit: 5, dormantAfterMs: 1 });
  await operations.listSessionKeys({ namespace, prefix: 'w', limit: 5 });
  await operations.updateSession({ ...work, agent: 'planner', title: 'new' });
  await operations.createHandoff(offerWork('offer'));
  await operations.listHandoffs(inbox);
  await operations.listHandoffs({ ...inbox, status: 'pending' });
  await operations.listHandoffs({ ...inbox, direction: 'outbox' });
  const claim = { namespace, agent: 'implementer', handoffId: 'offer' };
  await operations.claimHandoff(claim);
  await operations.claimHandoff({ ...claim, idempotency });
  await operations.resolveHandoff({ ...claim, outcome: 'completed' });

  expect(plans.size).toBe(19);
  for (const [name, plan] of plans) expect(readWhole(plan), name).toEqual([]);
});

/** The tables that a plan reads from end to end. */
function readWhole(plan: Plan): string[] {
  const own = plan['Node Type'] === 'Seq Scan' ? [plan['Relation Name'] ?? ''] : [];
  return [...own, ...(plan.Plans ?? []).flatMap(readWhole)];
}
