import { mapStore, storeOperations, type Store } from '@org/domain';
import { describe, expect, it } from 'vitest';
import { createMemoryStore } from '../../src/memory-store/memory-store.js';

const work = { namespace: 'team', sessionKey: 'work' };
const creation = { ...work, agent: 'planner', metadata: {}, ifExists: 'error' } as const;

/** A store that keeps the signals that its reads of a session get. */
function watched(): { readonly store: Store; readonly signals: (AbortSignal | undefined)[] } {
  const memory = createMemoryStore();
  const signals: (AbortSignal | undefined)[] = [];
  const store: Store = {
    ...memory,
    readSession: (request, signal) => {
      signals.push(signal);
      return memory.readSession(request, signal);
    },
  };
  return { store, signals };
}

describe('mapStore', () => {
  it('wraps all that a store has, except for ping and close', () => {
    const mapped = mapStore(createMemoryStore(), ({ run }) => run());
    expect(Object.keys(mapped)).toEqual(storeOperations);
    expect(Object.keys(createMemoryStore()).toSorted()).toEqual([...storeOperations, 'ping', 'close'].toSorted());
  });

  it('gives the request, the answer and the error of an operation on', async () => {
    const called: string[] = [];
    const mapped = mapStore(createMemoryStore(), ({ operation, run }) => {
      called.push(operation);
      return run();
    });
    expect(await mapped.createSession(creation)).toMatchObject({ session: { ...work, owner: 'planner' } });
    await expect(mapped.createSession(creation)).rejects.toMatchObject({ code: 'SESSION_EXISTS' });
    expect(called).toEqual(['createSession', 'createSession']);
  });

  it("runs an operation with the caller's signal, unless it is given another", async () => {
    const { store, signals } = watched();
    await store.createSession(creation);
    const [own, other] = [new AbortController().signal, new AbortController().signal];
    const seen: (AbortSignal | undefined)[] = [];
    const forwarding = mapStore(store, ({ run, signal }) => {
      seen.push(signal);
      return run();
    });
    await forwarding.readSession(work, own);
    await forwarding.readSession(work);
    await mapStore(store, ({ run }) => run(other)).readSession(work, own);
    expect(seen).toEqual([own, undefined]);
    expect(signals).toEqual([own, undefined, other]);
  });
});
