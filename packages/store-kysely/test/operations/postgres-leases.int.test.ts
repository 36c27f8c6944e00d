import { setTimeout } from 'node:timers/promises';
import type { Store } from '@org/domain';
import { createPostgresStore } from '@org/store-kysely/postgres';
import { Client } from 'pg';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { appendWork, createWork, offerWork, readWork, work } from '../support/requests.js';
import { temporaryDatabase, type TemporaryDatabase } from '@org/store-kysely/testing';

const { namespace } = work;
const leaseMs = 400;
const inbox = { namespace, agent: 'another', roles: [], direction: 'inbox', status: 'pending' } as const;
/** How long to wait for what a store writes after it has answered a read. */
const storing = { timeout: 10_000, interval: 20 };

describe('leases of two PostgreSQL stores on one database', () => {
  let database: TemporaryDatabase;
  let stores: [Store, Store];
  /** Another user of the database, who may hold locks. */
  let other: Client;

  beforeEach(async () => {
    database = await temporaryDatabase();
    const { url } = database;
    stores = [await createPostgresStore({ url }), await createPostgresStore({ url })];
    other = new Client({ connectionString: url });
    await other.connect();
    await stores[0].createSession(createWork);
    await stores[0].createHandoff(offerWork('leased'));
  });
  afterEach(async () => {
    await other.end();
    await Promise.all(stores.map((store) => store.close()));
    await database.drop();
  });

  const claim = (ms: number, handoffId = 'leased') =>
    stores[0].claimHandoff({ namespace, handoffId, agent: 'implementer', leaseMs: ms });

  /** Holds the session's row while `start` runs into it, does something, and lets go. */
  async function whileLocked<Answer>(
    start: () => Promise<Answer>,
    action: string,
  ): Promise<PromiseSettledResult<Answer>> {
    await other.query('begin');
    await other.query('select from sessions for update');
    const settled = Promise.allSettled([start()]);
    await waitForWaiter();
    await other.query(action);
    await other.query('commit');
    const [outcome] = await settled;
    return outcome;
  }

  async function waitForWaiter(): Promise<void> {
    const isWaiting = `select from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'`;
    while ((await database.query(isWaiting)).length === 0) await setTimeout(5);
  }

  /** The store's clock knows milliseconds alone. */
  const lapse = `update sessions set lease_expires_at = clock_timestamp() - interval '1 millisecond'`;

  it('are looked at after the wait for a lock', async () => {
    await claim(leaseMs);
    const late = await whileLocked(
      () => stores[0].appendEntry(appendWork('late', { agent: 'implementer', epoch: 2 })),
      `select pg_sleep(${leaseMs / 1000})`,
    );
    expect(late).toMatchObject({ status: 'rejected', reason: { code: 'OWNERSHIP_LOST' } });
    expect(await stores[1].readSession(work)).toMatchObject({ owner: 'planner', epoch: 3, lastSequence: 0 });
  });

  it.each([
    ['an update', (store: Store) => store.updateSession({ ...work, agent: 'implementer', title: 'late' })],
    ['an offer', (store: Store) => store.createHandoff(offerWork('late', { agent: 'implementer' }))],
    [
      'a completion',
      (store: Store) =>
        store.resolveHandoff({ namespace, handoffId: 'leased', agent: 'implementer', outcome: 'completed' }),
    ],
  ])('that lapse while %s waits for a lock stop it', async (_, write: (store: Store) => Promise<unknown>) => {
    await claim(60_000);
    const late = await whileLocked(() => write(stores[0]), lapse);
    expect(late).toMatchObject({ status: 'rejected' });
    expect(await stores[1].readSession(work)).toMatchObject({ owner: 'planner', epoch: 3 });
  });

  it('that are renewed while another write is about to settle them live on', async () => {
    await claim(1);
    await setTimeout(5);
    const seen = await whileLocked(
      () => stores[1].appendEntry(appendWork('a', { agent: 'implementer' })),
      `update sessions set lease_ms = 60000, lease_expires_at = clock_timestamp() + interval '1 minute'`,
    );
    expect(seen).toMatchObject({ value: { sequence: 1, epoch: 2 } });
  });

  const lookers: Readonly<Record<string, (store: Store) => Promise<unknown>>> = {
    readSession: (store) => store.readSession(work),
    listSessions: (store) => store.listSessions({ namespace, dormantAfterMs: 1, limit: 10, owner: 'planner' }),
    readEntries: (store) => store.readEntries(readWork()),
    readTail: (store) => store.readTail({ ...readWork(), pageSize: 16 }),
    readLogEnd: (store) => store.readLogEnd(work),
    readBriefing: (store) => store.readBriefing({ ...work, pinnedLimit: 1, newestLimit: 1, maxContentLength: 1 }),
    'markRead without a mark': (store) => store.markRead({ ...work, agent: 'reviewer' }),
    'an inbox': (store) => store.listHandoffs({ ...inbox, limit: 10 }),
    'a whole inbox': (store) => store.listHandoffs({ ...inbox, status: undefined, limit: 10 }),
    'an outbox': (store) => store.listHandoffs({ ...inbox, agent: 'planner', direction: 'outbox', limit: 10 }),
    peekInboxes: (store) => store.peekInboxes([{ ...inbox, after: 0 }]),
    countNamespace: (store) => store.countNamespace({ namespace, limit: 10 }),
  };
  const obstacles: Readonly<Record<string, string>> = {
    'the rows are locked': 'select from sessions, handoffs for update',
    'the tables are locked against writes': 'lock table sessions, handoffs, read_marks in share mode',
  };
  it.each(Object.entries(obstacles))('that lapsed need no write of a read while %s', async (_, lock) => {
    await claim(1);
    await stores[0]
      .createHandoff(offerWork('expired', { agent: 'implementer', expiresInMs: 1 }))
      .catch(() => undefined);
    await setTimeout(5);
    await other.query(`begin; ${lock}`);
    const answers = Object.entries(lookers).map(async ([name, look]) => [name, await look(stores[1])]);
    expect(Object.fromEntries(await Promise.all(answers))).toMatchObject({
      readSession: { owner: 'planner', epoch: 3 },
      listSessions: { sessions: [{ owner: 'planner' }] },
      readBriefing: { session: { owner: 'planner' } },
      'an inbox': { handoffs: [{ handoffId: 'leased', status: 'pending' }] },
      'an outbox': { handoffs: [{ handoffId: 'leased', status: 'pending' }] },
      peekInboxes: [true],
      countNamespace: { pendingHandoffs: 1 },
    });
    await other.query('commit');
    await vi.waitFor(async () => {
      await stores[1].listHandoffs({ ...inbox, limit: 10 });
      expect(await database.query(`select owner, epoch from sessions`)).toEqual([{ owner: 'planner', epoch: 3 }]);
    }, storing);
  });

  it('that lapsed need no write of a read in a database that only reads', async () => {
    await claim(1);
    await setTimeout(5);
    await database.query(`do $$ begin
      execute format('alter database %I set default_transaction_read_only = on', current_database());
    end $$`);
    const reading = await createPostgresStore({ url: database.url });
    for (const [name, look] of Object.entries(lookers)) await expect(look(reading), name).resolves.toBeDefined();
    expect(await reading.readSession(work)).toMatchObject({ owner: 'planner', epoch: 3 });
    await reading.close();
    expect(await database.query(`select owner, epoch from sessions`)).toEqual([{ owner: 'implementer', epoch: 2 }]);
  });

  it('that lapse while a call waits that had seen the earlier lease lapse leave the offer open', async () => {
    const busy = await createPostgresStore({ url: database.url, poolSize: 1 });
    const acceptor = new Client({ connectionString: database.url });
    await acceptor.connect();
    await stores[0].createSession({ ...createWork, sessionKey: 'other' });
    await claim(1);
    await setTimeout(5);
    // Between its look and its settlement, the only connection waits for another session.
    await other.query(`begin; select from sessions where session_key = 'other' for update`);
    const seen = busy.updateSession({ ...work, title: 'late', agent: 'planner' });
    const between = busy.appendEntry(appendWork('a', { sessionKey: 'other' }));
    await waitForWaiter();
    await stores[0].appendEntry(appendWork('given back', { epoch: 3 }));
    await acceptor.query('begin');
    await acceptor.query(`update sessions set owner = 'implementer', epoch = 4, version = version + 1,
        lease_handoff_id = 'leased', lease_returns_to = 'planner', lease_ms = 1,
        lease_expires_at = clock_timestamp() - interval '1 millisecond'
      where session_key = 'work'`);
    await acceptor.query(`update handoffs set status = 'accepted', accepted_by = 'implementer', granted_epoch = 4`);
    await other.query('commit');
    await between;
    await waitForWaiter();
    await acceptor.query('commit');
    expect(await seen).toMatchObject({ session: { owner: 'planner', epoch: 5 } });
    expect(await claim(60_000)).toMatchObject({ replayed: false, session: { owner: 'implementer', epoch: 6 } });
    await acceptor.end();
    await busy.close();
  });

  it('are settled once, however many calls see them lapse', async () => {
    for (let round = 1; round <= 10; round += 1) {
      await claim(1);
      await setTimeout(5);
      const sessions = await Promise.all(
        Array.from({ length: 16 }, async (_, index) => {
          const store = stores[index % 2] as Store;
          const { session } = await store.updateSession({ ...work, agent: 'planner', title: `${index}` });
          return session;
        }),
      );
      expect(new Set(sessions.map(({ owner, epoch }) => `${owner} ${epoch}`))).toEqual(
        new Set([`planner ${2 * round + 1}`]),
      );
    }
  });

  it('are found by an index, and looked at about once for each time that they could lapse', async () => {
    await claim(60_000);
    await stores[0].appendEntry(appendWork('a', { agent: 'implementer' }));
    const checkAt = async () => (await database.query(`select lease_check_at from handoffs`))[0]?.['lease_check_at'];
    const deadline = async () =>
      (await database.query(`select lease_expires_at from sessions`))[0]?.['lease_expires_at'];
    expect(await checkAt()).not.toEqual(await deadline());
    await database.query(`update handoffs set lease_check_at = now()`);
    expect(await stores[1].peekInboxes([{ namespace, agent: 'another', roles: [], after: 0 }])).toEqual([false]);
    await vi.waitFor(async () => expect(await checkAt()).toEqual(await deadline()), storing);
  });

  it('of closed sessions are put off, and of sessions that moved on forgotten', async () => {
    await claim(60_000);
    await stores[0].updateSession({ ...work, agent: 'implementer', state: 'completed' });
    await database.query(`update handoffs set lease_check_at = now()`);
    await database.query(`update sessions set lease_expires_at = now()`);
    const peek = () => stores[1].peekInboxes([{ namespace, agent: 'another', roles: [], after: 0 }]);
    await peek();
    const later = `select from handoffs where lease_check_at > now() + interval '50 seconds'`;
    await vi.waitFor(async () => expect(await database.query(later)).toHaveLength(1), storing);

    await stores[0].updateSession({ ...work, agent: 'implementer', state: 'active' });
    await stores[0].createHandoff(offerWork('on', { agent: 'implementer' }));
    await stores[0].claimHandoff({ namespace, handoffId: 'on', agent: 'reviewer' });
    await database.query(`update handoffs set lease_check_at = now() where lease_check_at is not null`);
    await peek();
    const checked = `select from handoffs where lease_check_at is not null`;
    await vi.waitFor(async () => expect(await database.query(checked)).toEqual([]), storing);
    expect(await stores[1].readSession(work)).toMatchObject({ owner: 'reviewer', epoch: 3 });
  });

  it('settle in any number', async () => {
    const keys = Array.from({ length: 250 }, (_, index) => `session-${index}`);
    await Promise.all(
      keys.map(async (sessionKey) => {
        await stores[0].createSession({ ...createWork, sessionKey });
        await stores[0].createHandoff(offerWork(sessionKey, { sessionKey, targetAgent: 'role:builder' }));
        await stores[0].claimHandoff({ namespace, handoffId: sessionKey, agent: 'implementer', leaseMs: 60_000 });
      }),
    );
    await database.query(lapse);
    await database.query(`update handoffs set lease_check_at = now() where lease_check_at is not null`);
    const { handoffs } = await stores[1].listHandoffs({ ...inbox, roles: ['builder'], limit: 1000 });
    expect(handoffs).toHaveLength(251);
    const held = `select from sessions where lease_ms is not null`;
    await vi.waitFor(async () => expect(await database.query(held)).toEqual([]), storing);
    const stored = await stores[1].listHandoffs({ ...inbox, roles: ['builder'], limit: 1000 });
    expect(stored.handoffs.map(({ handoffId }) => handoffId).toSorted()).toEqual(
      handoffs.map(({ handoffId }) => handoffId).toSorted(),
    );
  });
});

describe('a session that is deleted', () => {
  it('leaves nothing behind, whatever is written at the same time', async () => {
    const database = await temporaryDatabase();
    const stores = [await createPostgresStore(database), await createPostgresStore(database)] as const;
    for (let round = 0; round < 20; round += 1) {
      await stores[0].createSession(createWork);
      const writes = Array.from({ length: 40 }, (_, index) => {
        const store = stores[index % 2] as Store;
        if (index === 20) return store.deleteSession(work);
        if (index % 5 === 0) return store.createHandoff(offerWork(`${round}-${index}`));
        if (index % 7 === 0) return store.markRead({ ...work, agent: 'a', sequence: 1 });
        return store.appendEntry(appendWork('note'));
      });
      const outcomes = await Promise.allSettled(writes);
      expect(outcomes).not.toContainEqual(
        expect.objectContaining({ reason: expect.objectContaining({ code: 'INTERNAL_ERROR' }) as unknown }),
      );
      await stores[1].deleteSession(work).catch(() => undefined);
      for (const table of ['sessions', 'context_history', 'handoffs', 'read_marks', 'idempotency_keys']) {
        expect(await database.query(`select from ${table}`), table).toEqual([]);
      }
    }
    await Promise.all(stores.map((store) => store.close()));
    await database.drop();
  });
});
