import { setTimeout } from 'node:timers/promises';
import type { Store } from '@org/domain';
import { createPostgresStore } from '@org/store-kysely/postgres';
import { startPostgresServer, type PostgresServer } from '@org/store-kysely/testing';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { appendWork, createWork, offerWork, readWork, work } from '../support/requests.js';

const { namespace } = work;
const inbox = { namespace, agent: 'reviewer', direction: 'inbox', roles: [], status: 'pending', limit: 10 } as const;
/** How long the standby may take to follow. */
const following = { timeout: 20_000, interval: 50 };

describe('a store on a hot standby', () => {
  let primary: PostgresServer;
  let standby: PostgresServer;
  let writing: Store;
  let reading: Store;

  beforeAll(async () => {
    primary = await startPostgresServer();
    await primary.stop('fast');
    standby = await startPostgresServer({ standbyOf: primary });
    await primary.start();
    writing = await createPostgresStore({ url: primary.url });
    // Opening migrates, which takes no write once the schema has arrived.
    reading = await vi.waitFor(() => createPostgresStore({ url: standby.url, migrate: false }), following);
    await reading.close();
    reading = await createPostgresStore({ url: standby.url });
  });
  afterAll(async () => {
    await Promise.all([reading.close(), writing.close()]);
    await standby.remove();
    await primary.remove();
  });

  it('reads everything while a lease has lapsed and an offer has expired, and what lapsed is stored on the primary', async () => {
    await writing.createSession(createWork);
    await writing.appendEntry(appendWork('a note'));
    await writing.createHandoff(offerWork('expired', { expiresInMs: 1 }));
    await writing.createHandoff(offerWork('held'));
    await writing.claimHandoff({ namespace, handoffId: 'held', agent: 'implementer', leaseMs: 1 });
    await setTimeout(5);
    await vi.waitFor(async () => {
      expect(await reading.readSession(work)).toMatchObject({ owner: 'planner', epoch: 3 });
    }, following);

    const sessions = { namespace, dormantAfterMs: 1, limit: 10 };
    expect((await reading.listSessions(sessions)).sessions).toMatchObject([{ owner: 'planner', epoch: 3 }]);
    expect((await reading.listSessions({ ...sessions, owner: 'planner' })).sessions).toHaveLength(1);
    expect(await reading.listSessionKeys({ namespace, prefix: '', limit: 10 })).toEqual(['work']);
    expect(await reading.readEntries(readWork())).toMatchObject({ session: { epoch: 3 }, entries: [{ sequence: 1 }] });
    expect(await reading.readTail({ ...readWork(), pageSize: 16 })).toMatchObject({ session: { epoch: 3 } });
    const briefing = { ...work, pinnedLimit: 1, newestLimit: 1, maxContentLength: 1 };
    expect(await reading.readBriefing(briefing)).toMatchObject({ session: { epoch: 3 } });
    expect(await reading.markRead({ ...work, agent: 'reviewer' })).toEqual({ sequence: 0, lastSequence: 1 });
    const pending = [{ handoffId: 'held', status: 'pending' }];
    expect((await reading.listHandoffs(inbox)).handoffs).toMatchObject(pending);
    const outbox = { ...inbox, agent: 'planner', direction: 'outbox', status: undefined } as const;
    expect((await reading.listHandoffs(outbox)).handoffs).toMatchObject([{ handoffId: 'expired' }, ...pending]);
    expect(await reading.peekInboxes([{ ...inbox, after: 0 }])).toEqual([true]);
    expect(await reading.countNamespace({ namespace, limit: 10 })).toEqual({ sessions: 1, pendingHandoffs: 1 });
    // A server that cannot write is not ready, although it answers reads.
    await expect(reading.ping()).rejects.toMatchObject({ code: 'STORE_UNAVAILABLE', retryable: true });
    await expect(reading.appendEntry(appendWork('no'))).rejects.toMatchObject({ code: expect.any(String) as string });

    // A read on the primary has it stored, and the standby then reads the same from what is stored.
    const shown = await writing.readSession(work);
    await vi.waitFor(async () => {
      const { next } = await reading.listHandoffs(inbox);
      expect((await reading.listHandoffs({ ...inbox, after: next })).handoffs).toEqual([]);
    }, following);
    const { observedAtMs: _then, ...stored } = await reading.readSession(work);
    expect(shown).toMatchObject(stored);
  });
});
