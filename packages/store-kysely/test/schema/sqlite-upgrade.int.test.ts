import { limits, type Idempotency, type ProjectFilter, type SessionRef } from '@org/domain';
import { createSqliteStore, type SqliteStore } from '@org/store-kysely/sqlite';
import Sqlite from 'better-sqlite3';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { migrations } from '../../src/sqlite/schema/migrations/index.js';
import { appendWork, createWork, offerWork, work } from '../support/requests.js';
import { temporaryFile } from '../support/temporary-file.js';

/** Rows of a file of the first release. Times are small numbers, so that they are easy to tell apart. */
const rows = `
  insert into schema_migrations values (1, 'initial', 0);
  insert into sessions values
    (1, 'u1', 'default', 'work', 'active', 'builder', '["helper"]', 4, 5, 4, 40, 20, 1, 40, 40, null, null, '{}'),
    (2, 'u2', 'default', 'other', 'active', 'planner', '[]', 1, 1, 0, 0, 0, 2, 2, 2, null, null, '{}'),
    (3, 'u3', 'default', 'lost', 'active', 'builder', '[]', 9, 9, 0, 0, 0, 3, 3, 3, null, null, '{}');
  insert into context_history values
    (1, 1, 'message', 'planner', 1, 0, 5, 10, 5, 0, null, null, '{}', 'note one  '),
    (1, 2, 'message', 'planner', 1, 1, 6, 10, 5, 5, null, null, '{}', 'fact one  '),
    (1, 3, 'message', 'planner', 1, 0, 7, 10, 5, 10, null, null, '{}', 'note two  '),
    (1, 4, 'message', 'planner', 1, 1, 8, 10, 5, 15, null, null, '{}', 'fact two  ');
  -- The planner gave the session to the implementer, who returned it; then to the builder, who has it.
  insert into handoffs values
    (1, 'cancelled', 'default', 1, 'work', 'full_handoff', 'cancelled', 'planner', null, null, 4, 9, 1e15, 10, null, null, null, null, null),
    (2, 'returned', 'default', 1, 'work', 'full_handoff', 'returned', 'planner', null, 'implementer', 4, 10, 1e15, 30, null, null, null, null, null),
    (3, 'read', 'default', 1, 'work', 'context_transfer', 'accepted', 'planner', null, 'reader', 4, 35, 1e15, null, null, null, null, null, null),
    (4, 'held', 'default', 1, 'work', 'full_handoff', 'accepted', 'planner', null, 'builder', 4, 40, 1e15, null, null, null, null, null, null),
    (5, 'open', 'default', 2, 'other', 'full_handoff', 'pending', 'planner', null, null, 0, 50, 1e15, null, null, null, null, null, null),
    (6, 'unclear', 'default', 3, 'lost', 'full_handoff', 'accepted', 'planner', null, 'builder', 0, 60, 1e15, null, null, null, null, null, null);
  insert into idempotency_keys values
    (1, 'default', 'planner', 'tool', '', 'create', 'hash', ${String(Date.now())}, '{"session":{"sessionKey":"other"},"created":true}'),
    (2, 'default', 'builder', 'tool', '', 'claim', 'hash', ${String(Date.now())}, '{"handoff":{"sessionKey":"work"}}');
`;

describe.each([1, 2])('a SQLite file of schema %i', (version) => {
  const other: SessionRef = { namespace: 'default', sessionKey: 'other' };
  const once = (key: string): Idempotency => ({ key, tool: 'tool', requestHash: 'hash' });
  let store: SqliteStore;
  let remove: () => void;
  let skewMs: number;

  beforeEach(async () => {
    skewMs = 0;
    const file = temporaryFile();
    remove = file.remove;
    const database = new Sqlite(file.path);
    database.exec(migrations[0]?.script ?? '');
    database.exec(rows.replaceAll('1e15', String(Date.now() + 1_000_000)));
    for (const migration of migrations.slice(1, version)) {
      database.exec(migration.script);
      database.exec(`insert into schema_migrations values (${migration.version}, '${migration.name}', 0)`);
    }
    database.close();
    store = await createSqliteStore({ path: file.path, clock: () => Date.now() + skewMs });
  });
  afterEach(async () => {
    await store.close();
    remove();
  });

  it('knows who owned its sessions', async () => {
    expect(await store.readSession(work)).toMatchObject({
      owner: 'builder',
      participants: ['helper'],
      formerOwners: ['implementer', 'planner'],
      epoch: 4,
      lease: undefined,
    });
    expect((await store.readSession(other)).formerOwners).toEqual([]);
    for (const agent of ['planner', 'implementer'])
      await expect(store.appendEntry(appendWork('late', { agent }))).rejects.toMatchObject({ code: 'OWNERSHIP_LOST' });
    for (const agent of ['reader', 'outsider'])
      await expect(store.appendEntry(appendWork('late', { agent }))).rejects.toMatchObject({
        code: 'NOT_A_PARTICIPANT',
      });
    expect(await store.appendEntry(appendWork('on', { agent: 'builder', epoch: 4 }))).toMatchObject({ sequence: 5 });
  });

  it('knows at which epochs handoffs moved them, unless handoffs are missing', async () => {
    const { handoffs } = await store.listHandoffs({
      namespace: 'default',
      agent: 'planner',
      direction: 'outbox',
      roles: [],
      limit: 10,
    });
    expect(Object.fromEntries(handoffs.map(({ handoffId, grantedEpoch }) => [handoffId, grantedEpoch]))).toEqual({
      cancelled: undefined,
      returned: 2,
      read: undefined,
      held: 4,
      open: undefined,
      unclear: undefined,
    });
    const giveBack = { namespace: 'default', agent: 'builder', outcome: 'returned' } as const;
    await store.resolveHandoff({ ...giveBack, handoffId: 'held' });
    expect(await store.readSession(work)).toMatchObject({
      owner: 'planner',
      epoch: 5,
      formerOwners: ['implementer', 'builder'],
    });
    await expect(store.resolveHandoff({ ...giveBack, handoffId: 'unclear' })).rejects.toMatchObject({
      code: 'OWNERSHIP_LOST',
    });
  });

  it('knows how many entries are pinned, and goes on counting', async () => {
    const pinnedUpTo = async (uptoSequence?: number): Promise<number> =>
      (await store.readBriefing({ ...work, uptoSequence, pinnedLimit: 1, newestLimit: 1, maxContentLength: 10 }))
        .pinnedCount;
    await store.appendEntry(appendWork('note', { agent: 'builder' }));
    await store.appendEntry(appendWork('fact three', { agent: 'builder', pinned: true }));
    expect(await Promise.all([0, 1, 2, 3, 4, 5, 6].map(pinnedUpTo))).toEqual([0, 0, 1, 1, 2, 2, 3]);
    expect(await pinnedUpTo()).toBe(3);
  });

  it('gives its offers out on a lease, and takes them back', async () => {
    const claim = { namespace: 'default', agent: 'implementer', handoffId: 'open', leaseMs: 1000 };
    const { session } = await store.claimHandoff(claim);
    expect(session).toMatchObject({ owner: 'implementer', epoch: 2 });
    skewMs += 1000;
    const { handoffs } = await store.listHandoffs({
      namespace: 'default',
      agent: 'anyone',
      direction: 'inbox',
      roles: [],
      status: 'pending',
      limit: 10,
    });
    expect(handoffs).toMatchObject([{ handoffId: 'open' }]);
    expect(await store.readSession(other)).toMatchObject({ owner: 'planner', epoch: 3, formerOwners: ['implementer'] });
    await store.createHandoff(offerWork('new', { ...other }));
    expect(await store.claimHandoff({ ...claim, handoffId: 'new' })).toMatchObject({ session: { epoch: 4 } });
  });

  it('lets its sessions be taken over, although it is not known when their owners last wrote', async () => {
    const ask = { ...work, agent: 'reader', requestType: 'take_over', expiresInMs: 1e9 } as const;
    await expect(store.createHandoff({ ...ask, agent: 'outsider', handoffId: 'no' })).rejects.toMatchObject({
      code: 'FORBIDDEN',
    });
    await store.createHandoff({ ...ask, handoffId: 'ask' });
    const claim = { namespace: 'default', agent: 'reader', handoffId: 'ask' };
    await expect(store.claimHandoff(claim)).rejects.toMatchObject({ code: 'TAKE_OVER_TOO_EARLY' });
    skewMs = limits.takeOverAfterMs;
    const { handoff, session } = await store.claimHandoff(claim);
    expect(handoff.tookOver).toEqual({ from: 'builder' });
    expect(session).toMatchObject({ owner: 'reader', epoch: 5, lastSequence: 5, formerParticipants: [] });
  });

  it('shows its sessions and offers in lists of every project, until they move to one', async () => {
    const { namespace } = work;
    const keysOf = async (projects?: ProjectFilter): Promise<string[]> => {
      const { sessions } = await store.listSessions({ namespace, projects, limit: 10, dormantAfterMs: 1 });
      return sessions.map(({ sessionKey }) => sessionKey);
    };
    const inbox = { namespace, agent: 'anyone', direction: 'inbox', roles: [], status: 'pending', limit: 10 } as const;
    const offersOf = async (projects?: ProjectFilter): Promise<string[]> =>
      (await store.listHandoffs({ ...inbox, projects })).handoffs.map(({ handoffId }) => handoffId);
    expect((await store.readSession(other)).project).toBeUndefined();
    for (const projects of [undefined, ['ours', null], [null]]) {
      expect(await keysOf(projects)).toEqual(['lost', 'other', 'work']);
      expect(await offersOf(projects)).toEqual(['open']);
    }
    await store.updateSession({ ...other, agent: 'planner', project: 'ours' });
    expect(await keysOf(['ours', null])).toEqual(['lost', 'other', 'work']);
    expect(await offersOf(['ours', null])).toEqual(['open']);
    expect(await keysOf(['theirs', null])).toEqual(['lost', 'work']);
    expect(await offersOf(['theirs', null])).toEqual([]);
  });

  it('lets its sessions be deleted with all that was recorded of them', async () => {
    expect(await store.createSession({ ...createWork, ...other, idempotency: once('create') })).toMatchObject({
      replayed: true,
    });
    await store.deleteSession(other);
    expect(await store.createSession({ ...createWork, ...other, idempotency: once('create') })).toMatchObject({
      created: true,
      replayed: false,
    });
    const again = { namespace: 'default', agent: 'builder', handoffId: 'held', idempotency: once('claim') };
    expect(await store.claimHandoff(again)).toMatchObject({ replayed: true });
    await store.deleteSession(work);
    await expect(store.claimHandoff(again)).rejects.toMatchObject({ code: 'HANDOFF_NOT_FOUND' });
  });
});
