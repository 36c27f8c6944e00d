import type { Store } from '@org/domain';
import { createSqliteStore } from '@org/store-kysely/sqlite';
import Sqlite from 'better-sqlite3';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { createWork, offerWork, work } from '../support/requests.js';
import { temporaryFile } from '../support/temporary-file.js';

const hourMs = 3_600_000;

describe('a SQLite store that has grown', () => {
  let store: Store;
  let path: string;
  let remove: () => void;
  let nowMs = 0;

  beforeEach(async () => {
    nowMs = 1_700_000_000_000;
    ({ path, remove } = temporaryFile());
    store = await createSqliteStore({ path, clock: () => nowMs });
    await store.createSession(createWork);
  });
  afterEach(async () => {
    await store.close();
    remove();
  });

  /** More than a page examines. */
  const many = Array.from({ length: 1100 }, (_, index) => `old-${index}`);
  const inbox = {
    namespace: work.namespace,
    agent: 'implementer',
    direction: 'inbox',
    roles: ['builder'],
    limit: 20,
  } as const;

  it('shows what is pending at once, however many handoffs are done', async () => {
    await Promise.all(many.map((id) => store.createHandoff(offerWork(id))));
    await Promise.all(
      many.map((handoffId) =>
        store.resolveHandoff({ namespace: work.namespace, agent: 'planner', handoffId, outcome: 'cancelled' }),
      ),
    );
    await store.createHandoff(offerWork('new', { targetAgent: 'role:builder' }));
    const { handoffs, more } = await store.listHandoffs({ ...inbox, status: 'pending' });
    expect(handoffs.map(({ handoffId }) => handoffId)).toEqual(['new']);
    expect(more).toBe(false);
  });

  it('looks through a bounded number of handoffs for a page, and finds all in the end', async () => {
    await Promise.all(many.map((id) => store.createHandoff(offerWork(id))));
    await store.claimHandoff({ namespace: work.namespace, agent: 'implementer', handoffId: many.at(-1) ?? '' });
    const outbox = { ...inbox, direction: 'outbox', agent: 'planner', status: 'accepted' } as const;
    for (const projects of [undefined, ['ours', null]]) {
      const first = await store.listHandoffs({ ...outbox, projects });
      expect(first).toMatchObject({ handoffs: [], more: true });
      let page = first;
      while (page.more) page = await store.listHandoffs({ ...outbox, projects, after: page.next });
      expect(page.handoffs.map(({ handoffId }) => handoffId)).toEqual([many.at(-1)]);
    }
    // An inbox finds each status by an index.
    const { handoffs, more } = await store.listHandoffs({ ...inbox, status: 'accepted' });
    expect(handoffs.map(({ handoffId }) => handoffId)).toEqual([many.at(-1)]);
    expect(more).toBe(false);
  });

  it('peeks into inboxes behind any number of offers', async () => {
    const peek = (agent: string, after = 0): Promise<readonly boolean[]> =>
      store.peekInboxes([{ namespace: work.namespace, agent, roles: [], after }]);
    const list = (agent: string) => store.listHandoffs({ ...inbox, agent, status: 'pending' });
    await Promise.all(many.map((id) => store.createHandoff(offerWork(id, { targetAgent: 'someone' }))));
    expect(await peek('implementer')).toEqual([false]);
    expect(await peek('someone')).toEqual([true]);
    // Offers to other agents do not change the place in this inbox.
    expect((await list('implementer')).next).toBe(0);
    await store.createHandoff(offerWork('new', { targetAgent: 'implementer' }));
    expect(await peek('implementer')).toEqual([true]);
    expect(await peek('implementer', many.length)).toEqual([true]);
    expect(await peek('someone', many.length)).toEqual([false]);
    nowMs += hourMs;
    expect(await peek('implementer')).toEqual([false]);
    // There are more than a page examines. Offers that a list finds expired are stored so after a later offer is an
    // hour old.
    expect(await peek('someone')).toEqual([true]);
    await store.createHandoff(offerWork('later', { targetAgent: 'implementer' }));
    await list('someone');
    expect(await peek('someone')).toEqual([true]);
    nowMs += hourMs;
    await list('someone');
    await vi.waitFor(async () => expect(await peek('someone')).toEqual([false]));
  });

  it('looks through a bounded number of sessions for a page, and finds all in the end', async () => {
    await Promise.all(many.map((sessionKey) => store.createSession({ ...createWork, sessionKey, agent: 'other' })));
    const request = { namespace: work.namespace, owner: 'planner', limit: 20, dormantAfterMs: hourMs };
    const first = await store.listSessions(request);
    expect(first.sessions).toEqual([]);
    const second = await store.listSessions({ ...request, before: first.next });
    expect(second.sessions.map(({ sessionKey }) => sessionKey)).toEqual(['work']);
    expect(second.next).toBeUndefined();
  });

  it('keeps idempotency keys for a day, and sweeps them out after two', async () => {
    const create = (key: string): Promise<{ replayed: boolean }> =>
      store.createSession({
        ...createWork,
        ifExists: 'resume',
        idempotency: { key, tool: 'registerSession', requestHash: 'hash' },
      });
    const createAll = (keys: readonly string[]): Promise<unknown> => Promise.all(keys.map(create));
    await createAll(Array.from({ length: 12 }, (_, index) => `first-${index}`));
    nowMs += 24 * hourMs;
    await createAll(['a', 'b', 'c', 'd']);
    expect(await create('first-0')).toMatchObject({ replayed: true });
    nowMs += 24 * hourMs + 1;
    // No key that is an hour old confirms the time yet.
    await createAll(['e', 'f', 'g', 'h']);
    expect(await create('first-0')).toMatchObject({ replayed: true });
    nowMs += hourMs;
    await createAll(['i', 'j', 'k', 'l']);
    expect(recordedKeys()).toEqual(['a', 'b', 'c', 'd', 'e', 'f', 'g', 'h', 'i', 'j', 'k', 'l']);
  });

  function recordedKeys(): unknown[] {
    const database = new Sqlite(path, { readonly: true });
    const keys = database.prepare('select idempotency_key from idempotency_keys order by id').pluck().all();
    database.close();
    return keys;
  }
});
