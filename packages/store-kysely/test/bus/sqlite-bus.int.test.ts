import { setTimeout } from 'node:timers/promises';
import { createContextStore, type Store, type StoreEvent } from '@org/domain';
import { createSqliteBus, createSqliteStore, type SqliteStore } from '@org/store-kysely/sqlite';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { forkStore, type DatabaseProcess } from '../support/fork-store.js';
import { appendWork, createWork, offerWork, work } from '../support/requests.js';
import { temporaryFile } from '../support/temporary-file.js';

describe('a SQLite bus', () => {
  let store: SqliteStore;
  let other: DatabaseProcess;
  let path: string;
  let remove: () => void;

  beforeAll(async () => {
    ({ path, remove } = temporaryFile());
    store = await createSqliteStore({ path });
    await store.createSession(createWork);
    other = forkStore(path);
    await other.store.ping();
  });
  afterAll(async () => {
    await store.close();
    await other.end();
    remove();
  });

  it('publishes the writes of another process to all listeners', async () => {
    const bus = createSqliteBus({ store, pollIntervalMs: 1 });
    const heard = Promise.all(
      [1, 2].map(() => new Promise<StoreEvent>((resolve) => void bus.subscribe((event) => resolve(event)))),
    );
    await other.store.appendEntry(appendWork('from elsewhere'));
    expect(await heard).toEqual([{ kind: 'something_changed' }, { kind: 'something_changed' }]);
    await bus.close();
  });

  it('ignores the writes of the same process, which publishes its events', async () => {
    const bus = createSqliteBus({ store, pollIntervalMs: 1 });
    const heard: StoreEvent[] = [];
    bus.subscribe((event) => heard.push(event));
    const version = store.dataVersion();
    for (let turn = 0; turn < 20; turn += 1) {
      await store.appendEntry(appendWork('from here'));
      await setTimeout(1);
    }
    expect(store.dataVersion()).toBe(version);
    expect(heard).toEqual([]);
    const event = { kind: 'session_changed', ...work } as const;
    bus.publish(event);
    expect(heard).toEqual([event]);
    await other.store.appendEntry(appendWork('from elsewhere'));
    expect(store.dataVersion()).not.toBe(version);
    await bus.close();
  });

  it('polls only while it has listeners', async () => {
    let looks = 0;
    const dataVersion = (): number => {
      looks += 1;
      return store.dataVersion();
    };
    const bus = createSqliteBus({ store: { dataVersion }, pollIntervalMs: 1 });
    await setTimeout(20);
    expect(looks).toBe(0);
    const [first, second] = [bus.subscribe(() => undefined), bus.subscribe(() => undefined)];
    first();
    first();
    await vi.waitFor(() => expect(looks).toBeGreaterThan(4));
    second();
    const before = looks;
    await setTimeout(20);
    expect(looks).toBe(before);
    await bus.close();
  });

  it('publishes nothing while the store cannot be read', async () => {
    const closed = await createSqliteStore({ path });
    const bus = createSqliteBus({ store: closed, pollIntervalMs: 1 });
    const heard: StoreEvent[] = [];
    bus.subscribe((event) => heard.push(event));
    await closed.close();
    await setTimeout(20);
    expect(heard).toEqual([]);
    await bus.close();
  });

  it('ends a wait for what another process offers, without the poll', async () => {
    const bus = createSqliteBus({ store });
    let isTold = false;
    bus.subscribe(() => {
      isTold = true;
    });
    // A peek before the bus has published the change, as the poll does, finds nothing.
    const peekInboxes: Store['peekInboxes'] = async (inboxes) =>
      isTold ? store.peekInboxes(inboxes) : inboxes.map(() => false);
    const context = createContextStore({ store: { ...store, peekInboxes, close: async () => undefined }, bus });

    const waiting = context.listHandoffs({ agent: 'implementer', waitSeconds: 45 });
    await other.store.createHandoff(offerWork('from-elsewhere', { targetAgent: 'implementer' }));
    expect((await waiting).handoffs).toMatchObject([{ handoffId: 'from-elsewhere' }]);
    await context.close();
  });
});
