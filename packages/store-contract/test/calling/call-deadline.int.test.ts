import { ContextStoreError, createContextStore, type Store } from '@org/domain';
import { describe, expect, it } from 'vitest';
import { createMemoryStore } from '../../src/memory-store/memory-store.js';

const note = { sessionKey: 'work', contextType: 'message', content: 'hello' } as const;

async function refusal(call: Promise<unknown>): Promise<ContextStoreError> {
  const error: unknown = await call.catch((reason: unknown) => reason);
  expect(error).toBeInstanceOf(ContextStoreError);
  return error as ContextStoreError;
}

const abortion = (signal?: AbortSignal): Promise<unknown> =>
  new Promise((resolve) => signal?.addEventListener('abort', resolve));

describe('the time limit of a call', () => {
  /** A store whose operations wait until they are released. */
  function openSlow() {
    const released = Promise.withResolvers<void>();
    const store = createMemoryStore();
    const slow: Store = {
      ...store,
      appendEntry: async (request) => {
        await released.promise;
        return store.appendEntry(request);
      },
      readEntries: async (request) => {
        await released.promise;
        return store.readEntries(request);
      },
      countNamespace: () => new Promise(() => undefined),
    };
    const contextStore = createContextStore({ store: slow }, { agent: 'planner', callTimeoutMs: 50 });
    return { contextStore, release: released.resolve };
  }

  it('says that a writing call may have written; a retry with its key learns whether it did', async () => {
    const { contextStore, release } = openSlow();
    await contextStore.registerSession({ sessionKey: 'work' });
    const append = { ...note, idempotencyKey: 'k' };
    const error = await refusal(contextStore.updateContext(append));
    expect(error.toJSON()).toEqual({
      code: 'STORE_UNAVAILABLE',
      message: expect.stringMatching(/within 0\.05 s\. It may have been carried out.*same idempotencyKey/) as string,
      retryable: true,
      details: { callTimeoutMs: 50, written: 'unknown' },
    });
    release();
    expect(await contextStore.updateContext(append)).toMatchObject({ sequence: 1, replayed: true });
  });

  it('says that a reading call can be sent again', async () => {
    const { contextStore, release } = openSlow();
    await contextStore.registerSession({ sessionKey: 'work' });
    expect((await refusal(contextStore.getContext({ sessionKey: 'work' }))).message).toMatch(
      /Nothing was written; send the same call again/,
    );
    expect((await refusal(contextStore.countNamespace())).code).toBe('STORE_UNAVAILABLE');
    release();
    expect(await contextStore.getContext({ sessionKey: 'work' })).toMatchObject({ entries: [] });
  });

  it('does not count the time that a call asked to wait', async () => {
    const { contextStore } = openSlow();
    expect(await contextStore.listHandoffs({ waitSeconds: 0.2 })).toMatchObject({ handoffs: [] });
  });

  it("aborts the store's signal when the caller leaves, and at the deadline", async () => {
    const signals: (AbortSignal | undefined)[] = [];
    const store = createMemoryStore();
    const observed: Store = {
      ...store,
      readEntries: async (_request, signal) => {
        signals.push(signal);
        await abortion(signal);
        throw new ContextStoreError('CANCELLED', 'Given up.');
      },
    };
    const contextStore = createContextStore({ store: observed }, { agent: 'planner', callTimeoutMs: 50 });
    await contextStore.registerSession({ sessionKey: 'work' });
    const leaving = new AbortController();
    const left = contextStore
      .as({ signal: leaving.signal })
      .getContext({ sessionKey: 'work' })
      .catch((reason: unknown) => reason);
    await expect.poll(() => signals.length).toBe(1);
    leaving.abort();
    expect(signals[0]?.aborted).toBe(true);
    expect(await left).toMatchObject({ name: 'AbortError' });
    await refusal(contextStore.getContext({ sessionKey: 'work' }));
    expect(signals[1]?.aborted).toBe(true);
  });
});
