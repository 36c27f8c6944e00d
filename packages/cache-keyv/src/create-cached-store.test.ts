import { setImmediate } from 'node:timers/promises';
import type { Store } from '@org/domain';
import { noTelemetry } from '@org/domain';
import { createMemoryStore } from '@org/store-contract';
import { beforeEach, describe, expect, it, vi } from 'vitest';
import { appendWork, briefWork, createWork, readWork, work } from '../test/requests.js';
import { watchStore } from '../test/watched-store.js';
import { createCachedStore } from './create-cached-store.js';

describe('a cached store', () => {
  let plain: Store;
  let asked: () => string[];
  let cached: Store;
  let fails: boolean;
  let lookups: boolean[];

  beforeEach(async () => {
    fails = false;
    lookups = [];
    // Time stands still, so a session differs from a later one by its uid alone.
    plain = createMemoryStore({ clock: () => 1_700_000_000_000 });
    const watched = watchStore(plain, (operation) => {
      if (fails && operation === 'readEntries') throw new Error('gone');
    });
    asked = watched.asked;
    cached = createCachedStore({
      store: watched.store,
      telemetry: { ...noTelemetry, recordCacheLookup: (isHit) => lookups.push(isHit) },
    });
    await createWork(plain);
  });

  /** Both answers are equal, except for the times at which the session was read. */
  async function expectSame(): Promise<void> {
    for (const request of [readWork(), readWork({ direction: 'ascending', afterSequence: 5, limit: 20 })]) {
      const { session: _session, ...page } = await cached.readEntries(request);
      expect(page).toEqual(await plain.readEntries(request).then(({ session: _own, ...own }) => own));
    }
    for (const request of [briefWork(), briefWork({ uptoSequence: 33 })]) {
      const { session: _session, ...source } = await cached.readBriefing(request);
      expect(source).toEqual(await plain.readBriefing(request).then(({ session: _own, ...own }) => own));
    }
  }

  it('reads full pages from the database once, and everything that can change each time', async () => {
    await appendWork(plain, 40);
    await cached.readEntries(readWork());
    expect(asked()).toEqual(['readTail', 'readEntries']);
    await appendWork(plain, 3);
    await expectSame();
    asked();
    await expectSame();
    expect(asked()).toEqual(['readTail', 'readTail', 'readTail', 'readTail']);
    await appendWork(plain, 20);
    await cached.readEntries(readWork());
    expect(asked()).toEqual(['readLogEnd', 'readTail', 'readEntries']);
    await expectSame();
  });

  it.each([0, 5, 16, 40])('only looks at the end of a log that a read found unchanged (%i entries)', async (count) => {
    await appendWork(plain, count);
    for (let read = 0; read < 2; read += 1) await cached.readBriefing(briefWork());
    asked();
    const [before, now] = [await cached.readBriefing(briefWork()), await plain.readBriefing(briefWork())];
    expect({ ...before, session: now.session }).toEqual(now);
    expect(asked()).toEqual(['readLogEnd']);
  });

  it('reads a log that changes between reads by one statement each', async () => {
    await appendWork(plain, 33);
    await cached.readEntries(readWork());
    await cached.readEntries(readWork());
    await appendWork(plain, 1);
    asked();
    for (let read = 0; read < 5; read += 1) {
      await cached.readEntries(readWork());
      await appendWork(plain, 1);
    }
    expect(asked()).toEqual(['readLogEnd', ...Array.from({ length: 5 }, () => 'readTail')]);
    await cached.readEntries(readWork());
    await cached.readEntries(readWork());
    await cached.readEntries(readWork());
    expect(asked()).toEqual(['readTail', 'readTail', 'readLogEnd']);
  });

  it('sees a title that changes while the log does not', async () => {
    await appendWork(plain, 20);
    for (let read = 0; read < 3; read += 1) await cached.readEntries(readWork());
    await plain.updateSession({ ...work, agent: 'planner', title: 'new' });
    asked();
    expect((await cached.readEntries(readWork())).session.title).toBe('new');
    expect(asked()).toEqual(['readLogEnd']);
  });

  it('loads a page once for several calls at the same time', async () => {
    await appendWork(plain, 40);
    const pages = await Promise.all(Array.from({ length: 10 }, () => cached.readEntries(readWork())));
    expect(asked().filter((operation) => operation === 'readEntries')).toHaveLength(1);
    const { entries } = await plain.readEntries(readWork());
    for (const page of pages) expect(page.entries).toEqual(entries);
    await Promise.all(Array.from({ length: 10 }, () => cached.readBriefing(briefWork())));
    expect(asked().filter((operation) => operation === 'readBriefing')).toHaveLength(1);
  });

  it('passes a failed load on to all waiting calls, and caches nothing of it', async () => {
    await appendWork(plain, 40);
    fails = true;
    const reads = await Promise.allSettled([1, 2, 3].map(() => cached.readEntries(readWork())));
    expect(reads.map(({ status }) => status)).toEqual(['rejected', 'rejected', 'rejected']);
    fails = false;
    await expectSame();
  });

  describe('a load of a page that several calls wait for', () => {
    /** The loads that wait for pages from the database, in the order in which they began. */
    let waiting: { readonly answer: () => void; readonly signal: AbortSignal | undefined }[];
    let served: (readonly unknown[])[];

    beforeEach(async () => {
      [waiting, served] = [[], []];
      let operations = 0;
      await appendWork(plain, 40);
      cached = createCachedStore({
        store: {
          ...plain,
          readEntries: async (request, signal) => {
            const { promise, resolve, reject } = Promise.withResolvers<void>();
            waiting.push({ answer: resolve, signal });
            signal?.addEventListener('abort', () => reject(new Error('given up')));
            await promise;
            return plain.readEntries(request);
          },
        },
        telemetry: {
          ...noTelemetry,
          origin: () => ({ operation: (operations += 1) }),
          attribute: (origins, run) => {
            served.push(origins);
            return run();
          },
        },
      });
    });

    /** Starts a read, and waits until it waits for the pages. */
    async function begin(signal?: AbortSignal) {
      const read = Promise.allSettled([cached.readEntries(readWork(), signal)]);
      await setImmediate();
      return read.then(([result]) => (result.status === 'fulfilled' ? result.value.entries : String(result.reason)));
    }

    it('continues for the others when one call leaves', async () => {
      const leaving = new AbortController();
      const reads = [begin(leaving.signal), begin(AbortSignal.abort()), begin(new AbortController().signal), begin()];
      await setImmediate();
      await setImmediate();
      leaving.abort();
      expect(waiting).toHaveLength(1);
      waiting[0]?.answer();
      const { entries } = await plain.readEntries(readWork());
      expect(await Promise.all(reads)).toEqual([entries, entries, entries, entries]);
    });

    it('is aborted when all calls have left, and starts again for the next call', async () => {
      const leaving = [new AbortController(), new AbortController()];
      const reads = leaving.map(({ signal }) => begin(signal));
      await setImmediate();
      await setImmediate();
      for (const each of leaving) each.abort();
      const later = [begin()];
      expect(await Promise.all(reads)).toEqual(['Error: given up', 'Error: given up']);
      later.push(begin());
      await vi.waitFor(() => expect(waiting.map(({ signal }) => signal?.aborted)).toEqual([true, false]));
      waiting[1]?.answer();
      const { entries } = await plain.readEntries(readWork());
      expect(await Promise.all(later)).toEqual([entries, entries]);
      expect(waiting).toHaveLength(2);
    });

    it('does not start for a call that was aborted before', async () => {
      const read = begin(AbortSignal.abort());
      await vi.waitFor(() => expect(waiting.map(({ signal }) => signal?.aborted)).toEqual([true]));
      waiting[0]?.answer();
      await read;
    });

    it('starts again for a call that comes much later: the connection may have broken', async () => {
      vi.useFakeTimers({ toFake: ['performance'] });
      try {
        const stuck = begin();
        await setImmediate();
        vi.advanceTimersByTime(900);
        const early = begin();
        await setImmediate();
        expect(waiting).toHaveLength(1);
        vi.advanceTimersByTime(200);
        const late = [begin(), begin()];
        await vi.waitFor(() => expect(waiting).toHaveLength(2));
        waiting[1]?.answer();
        const { entries } = await plain.readEntries(readWork());
        expect(await Promise.all(late)).toEqual([entries, entries]);
        waiting[0]?.answer();
        expect(await Promise.all([stuck, early])).toEqual([entries, entries]);
        expect(waiting).toHaveLength(2);
      } finally {
        vi.useRealTimers();
      }
    });

    it('serves all of them in traces', async () => {
      const reads = [begin(), begin(), begin()];
      await setImmediate();
      await setImmediate();
      waiting[0]?.answer();
      await Promise.all(reads);
      expect(served).toEqual([[1, 2, 3].map((operation) => ({ origin: { operation } }))]);
    });
  });

  it('counts hits and misses', async () => {
    await appendWork(plain, 40);
    await cached.readEntries(readWork());
    expect(lookups).toEqual([false, false]);
    await cached.readEntries(readWork({ limit: 20 }));
    expect(lookups.slice(2)).toEqual([true]);
    await cached.readBriefing(briefWork());
    expect(lookups.slice(3)).toEqual([true, true, false]);
  });

  it('counts a hit or a miss for each call that waits for one look-up', async () => {
    await appendWork(plain, 40);
    await Promise.all([1, 2, 3].map(() => cached.readEntries(readWork())));
    expect(lookups).toEqual(Array.from({ length: 6 }, () => false));
  });

  it('returns as much of a content as each call asks for', async () => {
    await appendWork(plain, 16, (index) => ({ content: '🚀'.repeat(30_000 * (index % 2)) + index }));
    for (const maxContentLength of [10, 24_575, 24_576, 24_577, 30_001, 30_002, 100_000, 10]) {
      const request = readWork({ maxContentLength });
      expect((await cached.readEntries(request)).entries).toEqual((await plain.readEntries(request)).entries);
      const briefing = briefWork({ maxContentLength });
      expect((await cached.readBriefing(briefing)).newest).toEqual((await plain.readBriefing(briefing)).newest);
      expect((await cached.readBriefing(briefing)).pinned).toEqual((await plain.readBriefing(briefing)).pinned);
    }
  });

  it('reads filtered entries and later parts of a content from the database', async () => {
    await appendWork(plain, 40, (index) => ({ contextType: index % 2 === 0 ? 'file' : 'message' }));
    await expectSame();
    for (const request of [readWork({ types: ['file'] }), readWork({ contentOffset: 3 })]) {
      expect((await cached.readEntries(request)).entries).toEqual((await plain.readEntries(request)).entries);
    }
    await expectSame();
  });

  it('returns entries that callers can change without an effect on others', async () => {
    await appendWork(plain, 32, () => ({ metadata: { deep: { list: [1] } } }));
    const spoil = async (): Promise<void> => {
      for (const { metadata } of (await cached.readEntries(readWork())).entries) {
        (metadata['deep'] as { list: number[] }).list.push(2);
      }
      for (const { metadata } of (await cached.readBriefing(briefWork())).pinned) metadata['more'] = true;
    };
    await spoil();
    await spoil();
    await expectSame();
  });

  it('never confuses a session with an earlier one of the same key', async () => {
    await appendWork(plain, 40);
    await expectSame();
    await plain.deleteSession(work);
    await createWork(plain);
    await expectSame();
    await appendWork(plain, 40, (index) => ({ content: `echo ${index}` }));
    await expectSame();
  });

  it('answers from the database when a session is replaced between two reads', async () => {
    await appendWork(plain, 40);
    let swaps = 0;
    const store = createCachedStore({
      store: {
        ...plain,
        readTail: async (request) => {
          const tail = await plain.readTail(request);
          for (; swaps > 0; swaps -= 1) {
            await plain.deleteSession(work);
            await createWork(plain);
            await appendWork(plain, 40, (index) => ({ content: `echo ${index}` }));
          }
          return tail;
        },
      },
    });
    swaps = 1;
    const { session, entries } = await store.readEntries(readWork());
    const now = await plain.readEntries(readWork());
    expect([session.uid, entries]).toEqual([now.session.uid, now.entries]);
    for (const isHeld of [false, true]) {
      if (isHeld) await store.readEntries(readWork());
      swaps = 1;
      const briefing = await store.readBriefing(briefWork());
      const brief = await plain.readBriefing(briefWork());
      expect([briefing.session.uid, briefing.pinned]).toEqual([brief.session.uid, brief.pinned]);
    }
  });
});
