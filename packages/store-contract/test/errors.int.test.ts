import { createContextStore, storeUnavailable } from '@org/domain';
import { describe, expect, it } from 'vitest';
import { createMemoryStore } from '../src/memory-store/memory-store.js';

const away = () => Promise.reject(storeUnavailable('The database is away.', { written: 'no' }));

describe('the error of a store that cannot be used', () => {
  it.for<[string, (store: ReturnType<typeof createContextStore>, handoffId: string) => Promise<unknown>]>([
    ['an acceptance', (store, handoffId) => store.acceptHandoff({ handoffId, agent: 'implementer' })],
    ['an acknowledgement', (store) => store.getContext({ sessionKey: 'work', ackSequence: 1 })],
  ])('says of %s whose answer cannot be read that it may have been written', async ([, call]) => {
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
