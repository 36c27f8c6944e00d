import { limits } from '@org/domain';
import { createPostgresStore } from '@org/store-kysely/postgres';
import { temporaryDatabase } from '@org/store-kysely/testing';
import { expect, it } from 'vitest';
import { migratePostgres } from '../../src/postgres/schema/migrate.js';
import { migrations } from '../../src/postgres/schema/migrations/index.js';
import { appendWork, createWork, offerWork, readWork, work } from '../support/requests.js';

/**
 * Rows as a release wrote them, by the first version of the schema with such rows. A migration that changes the columns
 * of these statements needs a new entry. Existing entries stay, because users' databases hold such rows.
 */
const rowsSince: Record<number, string> = {
  1: `
    insert into sessions (
      uid, namespace, session_key, state, owner, participants, former_owners, epoch, version, offers, last_sequence,
      content_bytes, estimated_tokens, created_at, updated_at, last_activity_at, ttl_ms, title, metadata
    ) values (
      '01890000-0000-7000-8000-000000000000', 'default', 'work', 'active', 'implementer', '{reviewer}', '{planner}', 2, 4, 2, 2,
      8, 3,
      now() - interval '2 hours', now(), now(), 86400000, 'Old work', '{"kept": [1, 2]}'
    );
    insert into context_history (
      session_id, sequence, context_type, agent, epoch, pinned, created_at, content_bytes, estimated_tokens,
      tokens_before, idempotency_key, request_hash, metadata, content
    )
    select id, 1, 'message', 'planner', 1, true, now(), 5, 2, 0, 'first', 'hash', '{"n": 1}'::json, 'first' from sessions
    union all
    select id, 2, 'file', 'implementer', 2, false, now(), 3, 1, 2, null, null, '{}', 'two' from sessions;
    insert into handoffs (
      handoff_id, namespace, session_id, session_key, request_type, status, requesting_agent, target_agent, accepted_by,
      upto_sequence, created_at, expires_at, summary, request_data
    )
    select 'taken', namespace, id, session_key, 'full_handoff', 'accepted', 'planner', 'implementer', 'implementer', 1,
      now(), now() + interval '1 day', 'half done', '{"left": "tests"}'::json from sessions
    union all
    select 'open', namespace, id, session_key, 'collaboration', 'pending', 'implementer', 'tester', null, 2,
      now(), now() + interval '1 day', null, null from sessions;
    insert into idempotency_keys (
      namespace, agent, tool, session_key, idempotency_key, session_id, request_hash, created_at, response
    )
    select 'default', 'planner', 'registerSession', '', 'register', id, 'hash', now(), json_build_object(
      'created', true, 'observed_at', 1700000000000, 'session', json_build_object(
        'id', id, 'uid', uid, 'namespace', namespace, 'session_key', session_key, 'state', state, 'owner', 'planner',
        'participants', '{}'::text[], 'former_owners', '{}'::text[], 'epoch', 1, 'version', 1, 'offers', 0, 'last_sequence', 0,
        'created_at', 1700000000000, 'updated_at', 1700000000000, 'last_activity_at', 1700000000000,
        'ttl_ms', ttl_ms, 'title', title, 'metadata', metadata
      )
    ) from sessions`,
};
/** What later releases wrote into the columns that they added. */
const addedSince: Readonly<Record<number, string>> = {
  2: `update sessions set project = 'ours'; update handoffs set project = 'ours'`,
  4: `insert into seen_agents (namespace, agent, last_seen_at) values
      ('default', 'implementer', now()), ('default', 'planner', now() - interval '1 hour'),
      ('default', 'reviewer', now() - interval '2 hours')`,
};

it.for(migrations.map(({ version }) => version))(
  'a database of schema %d keeps its rows when it is upgraded',
  async (version) => {
    const database = await temporaryDatabase();
    await migratePostgres(database.url, { migrations: migrations.slice(0, version) });
    await database.query(rowsOf(version));
    expect(await migratePostgres(database.url)).toMatchObject({ from: version, to: migrations.length });

    let aheadMs = 0;
    const store = await createPostgresStore({ url: database.url, clockOffsetMs: () => aheadMs });
    expect(await store.readSession(work)).toMatchObject({
      uid: '01890000-0000-7000-8000-000000000000',
      owner: 'implementer',
      participants: ['reviewer'],
      epoch: 2,
      version: 4,
      lastSequence: 2,
      ttlMs: 86_400_000,
      title: 'Old work',
      metadata: { kept: [1, 2] },
    });
    expect((await store.readEntries(readWork())).entries).toMatchObject([
      { sequence: 1, contextType: 'message', agent: 'planner', pinned: true, content: 'first', metadata: { n: 1 } },
      { sequence: 2, contextType: 'file', agent: 'implementer', pinned: false, content: 'two', metadata: {} },
    ]);
    expect(await store.readBriefing({ ...work, pinnedLimit: 5, newestLimit: 1, maxContentLength: 9 })).toMatchObject({
      pinned: [{ sequence: 1 }],
      newest: [{ sequence: 2, content: 'two' }],
    });
    const { namespace } = work;
    const inbox = { namespace, agent: 'tester', direction: 'inbox', roles: [], limit: 9 } as const;
    expect((await store.listHandoffs(inbox)).handoffs).toMatchObject([{ handoffId: 'open', status: 'pending' }]);
    // What an older release wrote has no project, so lists of every project show it.
    const projects = ['ours', null];
    const ofProject = { ...inbox, projects, status: 'pending' } as const;
    const project = version < 2 ? undefined : 'ours';
    expect((await store.listHandoffs(ofProject)).handoffs).toMatchObject([{ handoffId: 'open', project }]);
    const { sessions } = await store.listSessions({ namespace, projects, limit: 9, dormantAfterMs: 1 });
    expect(sessions).toMatchObject([{ sessionKey: 'work', project }]);
    await store.updateSession({ ...work, agent: 'implementer', project: 'theirs' });
    expect((await store.listHandoffs(ofProject)).handoffs).toEqual([]);
    await store.updateSession({ ...work, agent: 'implementer', project: null });
    expect((await store.listHandoffs(ofProject)).handoffs).toMatchObject([{ handoffId: 'open', status: 'pending' }]);
    const outbox = { ...inbox, agent: 'planner', direction: 'outbox' } as const;
    expect((await store.listHandoffs(outbox)).handoffs).toMatchObject([
      { handoffId: 'taken', status: 'accepted', summary: 'half done', requestData: { left: 'tests' } },
    ]);

    // The tester was offered something, but has not acted.
    const agents = await store.listAgents({ namespace, limit: 9 });
    expect(agents.toSorted()).toEqual(['implementer', 'planner', 'reviewer']);
    const once = (key: string, tool: string) => ({ idempotency: { key, tool, requestHash: 'hash' } });
    expect(await store.appendEntry(appendWork('first', once('first', 'updateContext')))).toMatchObject({
      sequence: 1,
      replayed: true,
    });
    expect(await store.createSession({ ...createWork, ...once('register', 'registerSession') })).toMatchObject({
      created: true,
      replayed: true,
      session: { owner: 'planner', epoch: 1 },
    });
    await expect(store.appendEntry(appendWork('late'))).rejects.toMatchObject({ code: 'OWNERSHIP_LOST' });
    expect(await store.appendEntry(appendWork('next', { agent: 'implementer' }))).toMatchObject({
      sequence: 3,
      epoch: 2,
    });
    expect(await store.claimHandoff({ namespace, handoffId: 'open', agent: 'tester' })).toMatchObject({
      session: { participants: ['reviewer', 'tester'] },
    });
    const request = { ...offerWork('ask'), agent: 'planner', requestType: 'take_over', expiresInMs: 1e9 } as const;
    await store.createHandoff(request);
    aheadMs = limits.takeOverAfterMs;
    expect(await store.claimHandoff({ namespace, handoffId: 'ask', agent: 'planner' })).toMatchObject({
      session: { owner: 'planner', epoch: 3, lastSequence: 4 },
      handoff: { tookOver: { from: 'implementer', lastSequence: 3 } },
    });
    await store.close();
    await database.drop();
  },
);

/** Numeric keys of an object are iterated in ascending order. */
const rowsOf = (version: number): string => {
  const isWritten = ([since]: [string, string]): boolean => Number(since) <= version;
  const [, rows = ''] = Object.entries(rowsSince).findLast(isWritten) ?? [];
  return [
    rows,
    ...Object.entries(addedSince)
      .filter(isWritten)
      .map(([, added]) => added),
  ].join(';');
};
