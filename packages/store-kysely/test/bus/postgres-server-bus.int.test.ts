import { setTimeout } from 'node:timers/promises';
import { createMemoryBus, type StoreEvent } from '@org/domain';
import { createPostgresBus, createPostgresStore, type PostgresStore } from '@org/store-kysely/postgres';
import { startPostgresServer, type PostgresServer } from '@org/store-kysely/testing';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { appendWork, createWork, offerWork, work } from '../support/requests.js';

/** The bus notices all writes to a server, so this test has a server without other clients. */
describe('a PostgreSQL bus', () => {
  let server: PostgresServer;
  let store: PostgresStore;
  let other: PostgresStore;

  beforeAll(async () => {
    server = await startPostgresServer({ settings: { autovacuum: 'off' } });
    store = await createPostgresStore({ url: server.url, poolSize: 1 });
    other = await createPostgresStore({ url: server.url, poolSize: 1 });
    await store.createSession(createWork);
  });
  afterAll(async () => {
    await store.close();
    await other.close();
    await server.remove();
  });

  /** Collects the published events after that of the first poll. */
  async function hearFrom(bus: ReturnType<typeof createPostgresBus>): Promise<StoreEvent[]> {
    const heard: StoreEvent[] = [];
    bus.subscribe((event) => heard.push(event));
    await expect.poll(() => heard, { interval: 5 }).toEqual([{ kind: 'something_changed' }]);
    heard.length = 0;
    return heard;
  }

  it.each([
    ['an append', () => other.appendEntry(appendWork('from elsewhere'))],
    ['an offer', () => other.createHandoff(offerWork('from elsewhere'))],
    ['a new title', () => other.updateSession({ ...work, agent: 'planner', title: 'new' })],
  ])('publishes %s in another process to all listeners', async (_, change) => {
    const bus = createPostgresBus({ store, pollIntervalMs: 1 });
    const first = await hearFrom(bus);
    const second: StoreEvent[] = [];
    bus.subscribe((event) => second.push(event));
    await change();
    const changed = { kind: 'something_changed' };
    await expect.poll(() => [first, second], { interval: 5 }).toEqual([expect.arrayContaining([changed]), first]);
    await bus.close();
  });

  it('publishes nothing when other clients only read', async () => {
    const bus = createPostgresBus({ store, pollIntervalMs: 1 });
    const heard = await hearFrom(bus);
    await other.readSession(work);
    await setTimeout(50);
    expect(heard).toEqual([]);
    await bus.close();
  });

  it('polls only while it has listeners, and not again before the last poll has an answer', async () => {
    let looks = 0;
    let answer: ((mark: string) => void) | undefined;
    const readChangeMark = (): Promise<string> => {
      looks += 1;
      return new Promise((resolve) => (answer = resolve));
    };
    const bus = createPostgresBus({ store: { readChangeMark }, pollIntervalMs: 1 });
    await setTimeout(20);
    expect(looks).toBe(0);
    const end = [bus.subscribe(() => undefined), bus.subscribe(() => undefined)];
    await expect.poll(() => looks, { interval: 5 }).toBe(1);
    await setTimeout(20);
    expect(looks).toBe(1);
    end[0]?.();
    end[0]?.();
    answer?.('one');
    await expect.poll(() => looks, { interval: 5 }).toBe(2);
    end[1]?.();
    answer?.('two');
    await setTimeout(20);
    expect(looks).toBe(2);
    await bus.close();
  });

  it('survives an outage of the database, and publishes afterwards that something changed', async () => {
    let mark: string | undefined = 'one';
    const readChangeMark = async (): Promise<string> => mark ?? Promise.reject(new Error('away'));
    const bus = createPostgresBus({ store: { readChangeMark }, pollIntervalMs: 1 });
    const heard = await hearFrom(bus);
    mark = undefined;
    await setTimeout(20);
    expect(heard).toEqual([]);
    mark = 'two';
    await expect.poll(() => heard, { interval: 5 }).toEqual([{ kind: 'something_changed' }]);
    await bus.close();
  });

  it('polls rarely while its carrier is up', async () => {
    let [isUp, looks, mark] = [true, 0, 0];
    const readChangeMark = async (): Promise<string> => {
      looks += 1;
      return `${mark}`;
    };
    const carried = createMemoryBus();
    const carrier = { bus: carried, isUp: () => isUp };
    let intervals = 0;
    const bus = createPostgresBus({ store: { readChangeMark }, carrier, pollIntervalMs: 2 });
    const counting = setInterval(() => (intervals += 1), 2);
    const heard: StoreEvent[] = [];
    bus.subscribe((event) => heard.push(event));
    const event = { kind: 'session_changed', ...work } as const;
    bus.publish(event);
    carried.publish(event);
    expect(heard).toEqual([event, event]);
    await expect.poll(() => looks, { interval: 5 }).toBeGreaterThan(1);
    expect(intervals / looks).toBeGreaterThan(15);
    expect(heard.slice(2)).toEqual([{ kind: 'something_changed' }]);

    isUp = false;
    mark += 1;
    const [looksBefore, intervalsBefore] = [looks, intervals];
    await expect.poll(() => heard, { interval: 5 }).toHaveLength(4);
    await expect.poll(() => looks - looksBefore, { interval: 5 }).toBeGreaterThan(10);
    expect(intervals - intervalsBefore).toBeLessThan(200);
    clearInterval(counting);
    await bus.close();
  });
});
