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

/** Loops that have no end of their own just end: see offers.int.test.ts and work.int.test.ts. */
type Method = Exclude<
  keyof ContextStore,
  'as' | 'actingAgent' | 'actingProject' | 'offers' | 'work' | 'close' | typeof Symbol.asyncDispose
>;

const work = { sessionKey: 'work' } as const;
const handoffId = 'h';

/** A call of every method. */
const calls: Readonly<Record<Method, (store: ContextStore, caller: Caller) => unknown>> = {
  registerSession: (store, caller) => store.as(caller).registerSession({ sessionKey: 'new' }),
  updateContext: (store, caller) => store.as(caller).updateContext({ ...work, contextType: 'message', content: 'a' }),
  getContext: (store, caller) => store.as(caller).getContext({ ...work, ackSequence: 0 }),
  getBriefing: (store, caller) => store.as(caller).getBriefing(work),
  requestHandoff: (store, caller) => store.as(caller).requestHandoff({ ...work, requestType: 'full_handoff' }),
  listHandoffs: (store, caller) => store.as(caller).listHandoffs({ waitSeconds: 45 }),
  acceptHandoff: (store, caller) => store.as(caller).acceptHandoff({ handoffId }),
  resolveHandoff: (store, caller) => store.as(caller).resolveHandoff({ handoffId, outcome: 'rejected' }),
  listSessions: (store, caller) => store.as(caller).listSessions({}),
  updateSession: (store, caller) => store.as(caller).updateSession({ ...work, title: 'a' }),
  entries: (store, caller) => store.as(caller).entries(work).next(),
  readSession: (store, caller) => store.as(caller).readSession('work'),
  takeOverSession: (store, caller) => store.as(caller).takeOverSession({ ...work, agent: 'rescuer' }),
  deleteSession: (store, caller) => store.as(caller).deleteSession('work'),
  countNamespace: (store, caller) => store.as(caller).countNamespace(),
  completeSessionKey: (store, caller) => store.as(caller).completeSessionKey('w'),
  ping: (store, caller) => store.as(caller).ping(),
  subscribe: (store, caller) => store.as(caller).subscribe(() => undefined),
};
const names = Object.keys(calls) as Method[];

/** A store that records its operations, and may hold them up. */
function observedStore(hold?: Promise<unknown>) {
  const operations: string[] = [];
  const memory = createMemoryStore();
  const observed = mapStore(memory, async ({ operation, run }) => {
    // The store is told of the names of agents apart from their calls.
    if (operation !== 'noteAgents') operations.push(operation);
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
        await contextStore.as({ signal: stop.signal }).listHandoffs({ waitSeconds: 45 });
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
    const reading = outcomeOf(() => contextStore.as({ signal }).listSessions({}));
    const writing = contextStore.as({ signal }).registerSession({ sessionKey: 'work' });
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
  contextStore.as({ signal: stop.signal }).subscribe(({ kind }) => heard.push(kind));
  await contextStore.registerSession({ sessionKey: 'a' });
  stop.abort();
  await contextStore.registerSession({ sessionKey: 'b' });
  expect(heard).toEqual(['session_changed']);
});

describe('after close', () => {
  it.each(names)('no retry is advised: %s', async (name) => {
    const { operations, store } = observedStore();
    const contextStore = createContextStore({ store }, { agent: 'planner' });
    await contextStore.close();
    const error = await outcomeOf(() => calls[name](contextStore, {}));
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
