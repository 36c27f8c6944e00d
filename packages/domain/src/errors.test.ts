import { describe, expect, it } from 'vitest';
import { createContextStore } from './context-store.js';
import { afterWriting, ContextStoreError, storeUnavailable } from './errors.js';
import { createMemoryStore } from './testing/memory-store.js';

const away = () => Promise.reject(storeUnavailable('The database is away.', { written: 'no' }));

describe('the error of a store that cannot be used', () => {
  it.for([
    ['no', undefined, 'It is away. Nothing was written; send the same call again.'],
    ['no', false, 'It is away. Nothing was written.'],
    [
      'unknown',
      undefined,
      'It is away. It may have been carried out: repeat it with the same idempotencyKey, or look before you repeat it.',
    ],
  ] as const)('says what may have been written: %s, retryable %s', ([written, retryable, message]) => {
    expect(storeUnavailable('It is away.', { written, retryable, details: { port: 1 } }).toJSON()).toEqual({
      code: 'STORE_UNAVAILABLE',
      message,
      retryable: retryable ?? true,
      details: { port: 1, written },
    });
  });

  it('says that something may have been written when a read fails after a write', async () => {
    await expect(afterWriting(away())).rejects.toMatchObject({
      message: expect.stringMatching(/^The database is away\. It may have been carried out/) as string,
      details: { written: 'unknown' },
    });
    const other = new ContextStoreError('SESSION_NOT_FOUND', 'No such session.');
    await expect(afterWriting(Promise.reject(other))).rejects.toBe(other);
  });

  it.for<[string, (store: ReturnType<typeof createContextStore>, handoffId: string) => Promise<unknown>]>([
    ['an acceptance', (store, handoffId) => store.acceptHandoff({ handoffId, agent: 'implementer' })],
    ['an acknowledgement', (store) => store.getContext({ sessionKey: 'work', ackSequence: 1 })],
  ])('says so of %s whose answer cannot be read', async ([, call]) => {
    const store = createMemoryStore();
    const contextStore = createContextStore({ store }, { agent: 'planner' });
    await contextStore.registerSession({ sessionKey: 'work' });
    await contextStore.updateContext({ sessionKey: 'work', contextType: 'message', content: 'a' });
    const { handoff } = await contextStore.requestHandoff({ sessionKey: 'work', requestType: 'full_handoff' });
    const failing = createContextStore(
      { store: { ...store, readBriefing: away, readEntries: away } },
      { agent: 'planner' },
    );
    await expect(call(failing, handoff.handoffId)).rejects.toMatchObject({ details: { written: 'unknown' } });
    await expect(failing.getBriefing({ sessionKey: 'work' })).rejects.toMatchObject({ details: { written: 'no' } });
  });
});
