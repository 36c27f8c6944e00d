import {
  createContextStore,
  mapStore,
  storeUnavailable,
  type Caller,
  type ContextStore,
  type Store,
} from '@org/domain';
import { describe, expect, it } from 'vitest';
import { createMemoryStore } from '../../src/memory-store/memory-store.js';

type Method = Exclude<keyof ContextStore, 'actingAgent' | 'close' | 'ping'>;

const work = { sessionKey: 'work' } as const;
const handoffId = 'h';

/** A call of every method. */
const calls: Readonly<Record<Method, (store: ContextStore, caller: Caller) => unknown>> = {
  registerSession: (store, caller) => store.registerSession({ sessionKey: 'new' }, caller),
  updateContext: (store, caller) => store.updateContext({ ...work, contextType: 'message', content: 'a' }, caller),
  getContext: (store, caller) => store.getContext({ ...work, ackSequence: 0 }, caller),
  getBriefing: (store, caller) => store.getBriefing(work, caller),
  requestHandoff: (store, caller) => store.requestHandoff({ ...work, requestType: 'full_handoff' }, caller),
  listHandoffs: (store, caller) => store.listHandoffs({ waitSeconds: 45 }, caller),
  acceptHandoff: (store, caller) => store.acceptHandoff({ handoffId }, caller),
  resolveHandoff: (store, caller) => store.resolveHandoff({ handoffId, outcome: 'rejected' }, caller),
  listSessions: (store, caller) => store.listSessions({}, caller),
  updateSession: (store, caller) => store.updateSession({ ...work, title: 'a' }, caller),
  readSession: (store, caller) => store.readSession('work', caller),
  deleteSession: (store, caller) => store.deleteSession('work', caller),
  countNamespace: (store, caller) => store.countNamespace(caller),
  completeSessionKey: (store, caller) => store.completeSessionKey('w', caller),
  subscribe: (store, caller) => store.subscribe(() => undefined, caller),
};
const names = Object.keys(calls) as Method[];

/** A store that records its operations, and may hold them up. */
function observedStore(hold?: Promise<unknown>) {
  const operations: string[] = [];
  const memory = createMemoryStore();
  const observed = mapStore(memory, async ({ operation, run }) => {
    operations.push(operation);
    await hold;
    return run();
  });
  return { operations, store: { ...memory, ...observed } satisfies Store };
}

const outcomeOf = async (call: () => unknown): Promise<unknown> => {
  try {
    return await call();
  } catch (error) {
    return error;
  }
};

describe('a call whose signal has aborted', () => {
  it.each(names)('does nothing, and throws the reason: %s', async (name) => {
    const { operations, store } = observedStore();
    const contextStore = createContextStore({ store }, { agent: 'planner' });
    const reason = new Error('not needed any more');
    const signal = AbortSignal.abort(reason);
    expect(await outcomeOf(() => calls[name](contextStore, { signal }))).toBe(reason);
    expect(operations).toEqual([]);
  });

  it('makes a loop that waits for offers end instead of spin', async () => {
    const { operations, store } = observedStore();
    const contextStore = createContextStore({ store }, { agent: 'planner' });
    const stop = new AbortController();
    let rounds = 0;
    const loop = async (): Promise<void> => {
      for (;;) {
        rounds += 1;
        await contextStore.listHandoffs({ waitSeconds: 45 }, { signal: stop.signal });
      }
    };
    setTimeout(() => stop.abort(), 20);
    await expect(loop()).rejects.toThrow('aborted');
    expect({ rounds, operations }).toEqual({ rounds: 1, operations: ['listHandoffs'] });
  });
});

describe('a call whose signal aborts on the way', () => {
  it('throws the reason if it only reads, and answers if it has written', async () => {
    const held = Promise.withResolvers<void>();
    const { operations, store } = observedStore(held.promise);
    const contextStore = createContextStore({ store }, { agent: 'planner' });
    const stop = new AbortController();
    const { signal } = stop;
    const reading = outcomeOf(() => contextStore.listSessions({}, { signal }));
    const writing = contextStore.registerSession({ sessionKey: 'work' }, { signal });
    await expect.poll(() => operations.length).toBe(2);
    stop.abort('left');
    held.resolve();
    expect(await reading).toBe('left');
    expect(await writing).toMatchObject({ created: true });
  });
});

it('a subscription ends when its signal aborts', async () => {
  const contextStore = createContextStore({ store: createMemoryStore() }, { agent: 'planner' });
  const stop = new AbortController();
  const heard: string[] = [];
  contextStore.subscribe(({ kind }) => heard.push(kind), { signal: stop.signal });
  await contextStore.registerSession({ sessionKey: 'a' });
  stop.abort();
  await contextStore.registerSession({ sessionKey: 'b' });
  expect(heard).toEqual(['session_changed']);
});

describe('after close', () => {
  it.each([...names, 'ping'] as const)('no retry is advised: %s', async (name) => {
    const { operations, store } = observedStore();
    const contextStore = createContextStore({ store }, { agent: 'planner' });
    await contextStore.close();
    const error = await outcomeOf(() => (name === 'ping' ? contextStore.ping() : calls[name](contextStore, {})));
    expect(error).toMatchObject({ code: 'STORE_CLOSED', retryable: false, details: { written: 'no' } });
    expect(operations).toEqual([]);
  });

  it('a call that close has cut says whether it may have been carried out', async () => {
    const cut = Promise.withResolvers<never>();
    const store: Store = {
      ...createMemoryStore(),
      appendEntry: () => cut.promise,
      close: async () => cut.reject(storeUnavailable('The connection broke.', { written: 'unknown' })),
    };
    const contextStore = createContextStore({ store }, { agent: 'planner' });
    const writing = outcomeOf(() => calls.updateContext(contextStore, {}));
    await contextStore.close(1);
    const thrown = await writing;
    expect(thrown).toMatchObject({ code: 'STORE_CLOSED', retryable: false, details: { written: 'unknown' } });
    expect(thrown).toHaveProperty('message', expect.stringContaining('It may have been carried out'));
  });
});
