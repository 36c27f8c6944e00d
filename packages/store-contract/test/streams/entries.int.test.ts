import { getEventListeners } from 'node:events';
import {
  createContextStore,
  createMemoryBus,
  storeUnavailable,
  type ContextStore,
  type EntriesOptions,
  type Entry,
  type Store,
} from '@org/domain';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { createMemoryStore } from '../../src/memory-store/memory-store.js';

let memory: Store;
let bus: ReturnType<typeof createMemoryBus>;
let reads: number;
let failures: unknown[];
let store: ContextStore;
/** Another process on the same data, without events from this one. */
let elsewhere: ContextStore;

beforeEach(async () => {
  vi.useFakeTimers();
  memory = createMemoryStore();
  bus = createMemoryBus();
  reads = 0;
  failures = [];
  const observed: Store = {
    ...memory,
    readEntries: (request) => {
      reads += 1;
      const failure = failures.shift();
      return failure === undefined ? memory.readEntries(request) : Promise.reject(failure);
    },
  };
  store = createContextStore({ store: observed, bus }, { agent: 'planner', maxContentBytes: 10_000_000 });
  elsewhere = createContextStore({ store: memory }, { agent: 'planner' });
  await store.registerSession({ sessionKey: 'work' });
});
afterEach(() => {
  vi.useRealTimers();
});

const append = (content: string, to = store, contextType: Entry['contextType'] = 'message'): Promise<unknown> =>
  to.updateContext({ sessionKey: 'work', contextType, content });
const passing = (ms: number): Promise<unknown> => vi.advanceTimersByTimeAsync(ms);
const contentsOf = async (options: Partial<EntriesOptions> = {}): Promise<string[]> => {
  const contents: string[] = [];
  for await (const { content } of store.entries({ sessionKey: 'work', ...options })) contents.push(content);
  return contents;
};

/** Reads in the background. `end` is what the loop ended with. */
function following(options: Partial<EntriesOptions> = {}) {
  const seen: { contents: string[]; end?: unknown } = { contents: [] };
  const read = async (): Promise<void> => {
    for await (const { content } of store.entries({ sessionKey: 'work', follow: true, ...options }))
      seen.contents.push(content);
  };
  void read().then(
    () => (seen.end = 'end of the log'),
    (reason: unknown) => (seen.end = reason),
  );
  return seen;
}

describe('entries', () => {
  it('are the whole log in order, on as many pages as it takes', async () => {
    const all = Array.from({ length: 250 }, (_, index) => `${index + 1}`);
    for (const content of all) await append(content);
    expect(await contentsOf()).toEqual(all);
    expect(reads).toBe(3);
    expect(await contentsOf({ afterSequence: 100 })).toEqual(all.slice(100));
    expect(await contentsOf({ afterSequence: 250 })).toEqual([]);
  });

  it('are whole, however long', async () => {
    const long = 'a🚀'.repeat(2_000_000);
    await append('before');
    await append(long);
    await append('x'.repeat(16_384));
    await append('after');
    const [first, second, third, last] = await contentsOf();
    expect([first, third?.length, last]).toEqual(['before', 16_384, 'after']);
    expect(second === long).toBe(true);
    const { value } = await store.entries({ sessionKey: 'work', afterSequence: 1 }).next();
    expect(value).not.toHaveProperty('truncated');
    expect(value).not.toHaveProperty('nextContentOffset');
  });

  it('may be of some types alone', async () => {
    for (let index = 0; index < 2100; index += 1) await append('said');
    await append('file', store, 'file');
    expect(await contentsOf({ types: ['file'] })).toEqual(['file']);
    expect(await contentsOf({ types: ['tool_call'] })).toEqual([]);
  });

  it.each<[object, string]>([
    [{ sessionKey: 'work', folow: true }, 'folow: unknown; did you mean follow?'],
    [{}, 'sessionKey: missing'],
    [{ sessionKey: 'work', afterSequence: -1 }, 'afterSequence: '],
    [{ sessionKey: 'work', signal: new AbortController() }, 'signal: must be an AbortSignal'],
  ])('of wrong options are refused at once: %o', (options, problem) => {
    expect(() => store.entries(options as EntriesOptions)).toThrow(problem);
  });

  it('of no session, and of another session with its key, are refused', async () => {
    await expect(contentsOf({ sessionKey: 'none' })).rejects.toMatchObject({ code: 'SESSION_NOT_FOUND' });
    for (let index = 0; index < 101; index += 1) await append('first log');
    const reading = store.entries({ sessionKey: 'work' });
    for (let index = 0; index < 100; index += 1) await reading.next();
    await store.deleteSession('work');
    await store.registerSession({ sessionKey: 'work' });
    await expect(reading.next()).rejects.toMatchObject({ code: 'SESSION_NOT_FOUND' });
  });

  it('after a position that the log has not reached are refused: its database was restored', async () => {
    await append('one');
    await expect(contentsOf({ afterSequence: 2 })).rejects.toMatchObject({
      code: 'VALIDATION_ERROR',
      message: 'afterSequence: the log of session work ends at 1; begin at most there.',
    });
  });

  it('reject with the reason of a signal, so that a loop which just ends has read the whole log', async () => {
    await append('one');
    await append('two');
    const stop = new AbortController();
    const reading = store.entries({ sessionKey: 'work', signal: stop.signal });
    expect((await reading.next()).value).toMatchObject({ content: 'one' });
    stop.abort('enough');
    await expect(reading.next()).rejects.toBe('enough');
  });

  it('throw what fails, without a retry, and leave nothing behind', async () => {
    failures = [storeUnavailable('It is away.', { written: 'no' })];
    await expect(contentsOf()).rejects.toMatchObject({ code: 'STORE_UNAVAILABLE' });
    expect(vi.getTimerCount()).toBe(0);
  });
});

describe('entries with follow', () => {
  it('go on with those that are appended later, by their events', async () => {
    await append('one');
    const seen = following();
    await passing(0);
    expect(seen).toEqual({ contents: ['one'] });
    await append('two');
    await passing(0);
    expect(seen).toEqual({ contents: ['one', 'two'] });
    expect(reads).toBe(2);
    await store.registerSession({ sessionKey: 'other' });
    await passing(0);
    expect(reads).toBe(2);
  });

  it('go on without an event, by one poll for all of them', async () => {
    const seen = [following(), following()];
    await passing(0);
    expect(vi.getTimerCount()).toBe(1);
    await append('unheard', elsewhere);
    await passing(4999);
    expect(seen.map(({ contents }) => contents)).toEqual([[], []]);
    await passing(1);
    expect(seen.map(({ contents }) => contents)).toEqual([['unheard'], ['unheard']]);
  });

  it('miss no entry that is appended while they read', async () => {
    const seen = following();
    for (let index = 0; index < 50; index += 1) {
      void append(`${index}`);
      if (index % 7 === 0) await passing(0);
    }
    await passing(0);
    expect(seen.contents).toHaveLength(50);
  });

  it('survive a store that is away, and say later what no retry can solve', async () => {
    const seen = following();
    await passing(0);
    failures = Array.from({ length: 5 }, () => storeUnavailable('It is away.', { written: 'no' }));
    await append('one');
    await passing(50);
    expect(seen.contents).toEqual([]);
    await passing(10_000);
    expect(seen).toEqual({ contents: ['one'] });
    const lasting = storeUnavailable('Only its operator can mend it.', { written: 'no', retryable: false });
    failures = [lasting];
    await append('two');
    await passing(0);
    expect(seen.end).toBe(lasting);
    expect(vi.getTimerCount()).toBe(0);
  });

  it('leave no timer and no listener when their signal aborts, or their loop is left', async () => {
    const stop = new AbortController();
    const seen = following({ signal: stop.signal });
    await passing(0);
    stop.abort('enough');
    await passing(0);
    expect(seen.end).toBe('enough');
    expect(vi.getTimerCount()).toBe(0);
    expect(getEventListeners(stop.signal, 'abort')).toEqual([]);
    await append('one');
    for await (const { content } of store.entries({ sessionKey: 'work', follow: true })) {
      expect(content).toBe('one');
      break;
    }
    expect(vi.getTimerCount()).toBe(0);
  });

  it('reject when the store closes, also while they wait for one that is away', async () => {
    const waiting = following();
    await passing(0);
    failures = [storeUnavailable('It is away.', { written: 'no' })];
    const away = following();
    await passing(0);
    await store.close();
    await passing(0);
    expect([waiting.end, away.end]).toMatchObject([{ code: 'STORE_CLOSED' }, { code: 'STORE_CLOSED' }]);
    expect(vi.getTimerCount()).toBe(0);
  });
});
