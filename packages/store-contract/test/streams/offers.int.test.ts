import { getEventListeners } from 'node:events';
import {
  ContextStoreError,
  createContextStore,
  storeUnavailable,
  type ContextStore,
  type ContextStoreOptions,
  type OffersOptions,
  type Store,
} from '@org/domain';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { createMemoryStore } from '../../src/memory-store/memory-store.js';

let memory: Store;
let lists: number;
let failures: unknown[];
let store: ContextStore;

const openOver = (over: Store, options: ContextStoreOptions = {}): ContextStore =>
  createContextStore({ store: over }, { agent: 'planner', ...options });

beforeEach(async () => {
  vi.useFakeTimers();
  memory = createMemoryStore({ clock: Date.now });
  lists = 0;
  failures = [];
  store = openOver({
    ...memory,
    listHandoffs: (request) => {
      lists += 1;
      const failure = failures.shift();
      return failure === undefined ? memory.listHandoffs(request) : Promise.reject(failure);
    },
  });
  await store.registerSession({ sessionKey: 'work' });
});
afterEach(() => {
  vi.useRealTimers();
});

const passing = (ms: number): Promise<unknown> => vi.advanceTimersByTimeAsync(ms);

const offer = async (summary: string, targetAgent?: string): Promise<string> => {
  const request = { sessionKey: 'work', requestType: 'full_handoff', summary, targetAgent } as const;
  return (await store.requestHandoff(request)).handoff.handoffId;
};

/** Waits in the background for offers to the implementer. `end` is what the loop ended with. */
function waiting(options: OffersOptions = {}) {
  const seen: { summaries: unknown[]; end?: unknown } = { summaries: [] };
  const wait = async (): Promise<void> => {
    for await (const { summary } of store.as({ agent: 'implementer' }).offers(options)) seen.summaries.push(summary);
  };
  void wait().then(
    () => (seen.end = 'ended'),
    (reason: unknown) => (seen.end = reason),
  );
  return seen;
}

describe('offers', () => {
  it('are each yielded once: those that are there, then those that come', async () => {
    await offer('to me', 'implementer');
    await offer('to anyone');
    const seen = waiting({ roles: ['builder'] });
    await passing(0);
    expect(seen.summaries).toEqual(['to me', 'to anyone']);
    await offer('to my role', 'role:builder');
    await offer('to another', 'reviewer');
    await passing(0);
    expect(seen.summaries).toEqual(['to me', 'to anyone', 'to my role']);
    await passing(200_000);
    expect(seen.summaries).toHaveLength(3);
  });

  it('are whole, however many and large', async () => {
    const summary = 'long '.repeat(3000);
    for (let index = 0; index < 45; index += 1) await offer(`${index} ${summary}`);
    const seen = waiting();
    await passing(0);
    expect(seen.summaries).toEqual(Array.from({ length: 45 }, (_, index) => `${index} ${summary}`));
  });

  it('are yielded again when they are pending again, and only then', async () => {
    const handoffId = await offer('leased');
    const seen = waiting();
    await passing(0);
    const other = store.as({ agent: 'other' });
    await other.acceptHandoff({ handoffId, leaseSeconds: 1 });
    await passing(5000);
    expect(seen.summaries).toEqual(['leased', 'leased']);
    await other.acceptHandoff({ handoffId, leaseSeconds: 1 });
    await passing(5000);
    expect(seen.summaries).toEqual(['leased', 'leased', 'leased']);
  });

  it('are yielded once after a lapse, also to a loop that takes its time', async () => {
    const handoffId = await offer('leased');
    await store.as({ agent: 'other' }).acceptHandoff({ handoffId, leaseSeconds: 1 });
    await passing(1000);
    let unstored = 3;
    const slow = openOver({
      ...memory,
      // As of an engine that stores a lapse after the read that met it.
      listHandoffs: async (request) => {
        const page = await memory.listHandoffs(request);
        return unstored-- > 0 ? { ...page, next: 0 } : page;
      },
    });
    const summaries: unknown[] = [];
    void (async () => {
      for await (const { summary } of slow.as({ agent: 'implementer' }).offers()) {
        summaries.push(summary);
        await new Promise((resolve) => setTimeout(resolve, 60_000));
      }
    })();
    await passing(200_000);
    expect(summaries).toEqual(['leased']);
    await slow.close();
  });

  it('do not spin while a lapse cannot be stored', async () => {
    const handoffId = await offer('leased');
    await store.as({ agent: 'other' }).acceptHandoff({ handoffId, leaseSeconds: 1 });
    await passing(1000);
    // As of a database that takes no writes: lists repeat what is pending again.
    const page = await memory.listHandoffs({
      namespace: 'default',
      agent: 'implementer',
      direction: 'inbox',
      status: 'pending',
      roles: [],
      limit: 20,
    });
    const stuck = openOver({
      ...memory,
      peekInboxes: async (inboxes) => inboxes.map(() => true),
      listHandoffs: async () => {
        lists += 1;
        return { ...page, handoffs: page.handoffs.map((found) => ({ ...found, observedAtMs: Date.now() })), next: 0 };
      },
    });
    lists = 0;
    let yielded = 0;
    void (async () => {
      for await (const _ of stuck.as({ agent: 'implementer' }).offers()) yielded += 1;
    })();
    await passing(60_000);
    expect(lists).toBeLessThanOrEqual(132);
    expect(yielded).toBe(1);
    await stuck.close();
  });

  it('survive a store that is away or too busy, tell of it, and wait longer each time', async () => {
    const heard: [string, number][] = [];
    const busy = new ContextStoreError('OVERLOADED', 'Too much at once.', { retryAfterMs: 20_000 });
    const away = storeUnavailable('It is away.', { written: 'no' });
    failures = [away, away, away, busy];
    const startMs = Date.now();
    const seen = waiting({ onError: ({ code }) => heard.push([code, Date.now() - startMs]) });
    await offer('kept');
    await passing(40_000);
    expect(seen).toEqual({ summaries: ['kept'] });
    expect(heard.map(([code]) => code)).toEqual([...Array<string>(3).fill('STORE_UNAVAILABLE'), 'OVERLOADED']);
    const [first = 0, second = 0, third = 0, fourth = 0] = heard.map(([, atMs]) => atMs);
    expect(first).toBe(0);
    for (const [pauseMs, longest] of [
      [second - first, 100],
      [third - second, 200],
      [fourth - third, 400],
    ] as const) {
      expect(pauseMs).toBeGreaterThanOrEqual(longest / 2);
      expect(pauseMs).toBeLessThanOrEqual(longest + 1);
    }
    // Four that failed, two that answered, and one that waits.
    expect(lists).toBe(7);
  });

  it('begin again when the database was restored from a backup', async () => {
    await offer('one');
    const seen = waiting();
    await passing(0);
    failures = [
      new ContextStoreError('VALIDATION_ERROR', 'cursor: ahead of what is here.', {
        issues: [{ path: 'cursor', message: 'ahead of what is here' }],
      }),
    ];
    await passing(50_000);
    expect(seen).toEqual({ summaries: ['one', 'one'] });
  });

  it('throw what no retry can solve', async () => {
    const lasting = storeUnavailable('Only its operator can mend it.', { written: 'no', retryable: false });
    failures = [lasting];
    const seen = waiting();
    await passing(0);
    expect(seen.end).toBe(lasting);
  });

  it.each<[object, string]>([
    [{ role: ['builder'] }, 'role: unknown; did you mean roles?'],
    [{ roles: 'builder' }, 'roles: Invalid input: expected array'],
    [{ onError: 'log' }, 'onError: must be a function'],
  ])('of wrong options are refused at once: %o', (options, problem) => {
    expect(() => store.offers(options)).toThrow(problem);
    expect(() => createContextStore({ store: memory }).offers()).toThrow('agent: missing');
  });

  it('end before they ask for anything if the signal has aborted', async () => {
    const before = lists;
    expect(await store.offers({ signal: AbortSignal.abort() }).next()).toEqual({ done: true, value: undefined });
    expect(lists).toBe(before);
  });

  it.each(['while they wait', 'while the store is away', 'between two of them'])(
    'just end when a signal aborts %s',
    async (when) => {
      const stop = new AbortController();
      if (when === 'while the store is away') failures = [storeUnavailable('It is away.', { written: 'no' })];
      if (when === 'between two of them') for (const summary of ['one', 'two']) await offer(summary);
      const view = store.as({ agent: 'implementer', signal: stop.signal });
      const summaries: unknown[] = [];
      const loop = (async () => {
        for await (const { summary } of view.offers()) {
          summaries.push(summary);
          stop.abort();
        }
      })();
      await passing(10);
      stop.abort();
      await loop;
      expect(summaries).toEqual(when === 'between two of them' ? ['one'] : []);
      expect(vi.getTimerCount()).toBe(0);
      expect(getEventListeners(stop.signal, 'abort')).toEqual([]);
    },
  );

  it('just end when the store closes', async () => {
    const seen = waiting();
    await passing(10);
    await store.close();
    await passing(0);
    expect(seen).toEqual({ summaries: [], end: 'ended' });
    expect(await store.offers().next()).toEqual({ done: true, value: undefined });
    expect(vi.getTimerCount()).toBe(0);
  });
});
