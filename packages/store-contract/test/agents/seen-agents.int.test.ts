import {
  createContextStore,
  mapStore,
  type ContextStore,
  type ContextStoreOptions,
  type Store,
  type StoreOperation,
  type RequestCaller,
} from '@org/domain';
import { describe, expect, it } from 'vitest';
import { createMemoryStore } from '../../src/memory-store/memory-store.js';

interface Process {
  readonly contextStore: ContextStore;
  /** The operations of its calls so far, in order. Empties the list. */
  readonly calls: () => Promise<readonly StoreOperation[]>;
}

/** Lets a process tell the store what it noted. */
const told = (): Promise<void> => new Promise((resolve) => setImmediate(() => setImmediate(resolve)));

/** Opens a process on a store. The store's own calls are recorded. */
function open(store: Store, options: ContextStoreOptions = {}, broken: readonly StoreOperation[] = []): Process {
  const made: StoreOperation[] = [];
  const operations = mapStore(store, async ({ operation, run }) => {
    made.push(operation);
    if (broken.includes(operation)) throw new Error('broken');
    return run();
  });
  const contextStore = createContextStore({ store: { ...store, ...operations } }, options);
  return {
    contextStore,
    calls: async () => {
      await told();
      return made.splice(0);
    },
  };
}

const offer = { sessionKey: 'work', requestType: 'full_handoff', agent: 'planner' } as const;
const seenIn = (store: Store, namespace = 'default'): Promise<readonly string[]> =>
  store.listAgents({ namespace, limit: 100 });

/** Processes on one store, which has a session of the planner. */
async function processes(count: number): Promise<readonly [store: Store, ...processes: Process[]]> {
  const store = createMemoryStore();
  const opened = Array.from({ length: count }, () => open(store));
  await store.createSession({
    namespace: 'default',
    sessionKey: 'work',
    agent: 'planner',
    metadata: {},
    ifExists: 'error',
  });
  return [store, ...opened];
}

describe('an agent is seen', () => {
  const handoffId = '00000000-0000-4000-8000-000000000000';
  it.each<[string, (contextStore: ContextStore) => Promise<unknown>]>([
    ['registers a session', (s) => s.registerSession({ agent: 'it' })],
    ['names itself agentFrom', (s) => s.registerSession({ agentFrom: 'it' })],
    ['requests a handoff', (s) => s.requestHandoff({ ...offer, agent: 'it' })],
    ['lists its inbox', (s) => s.listHandoffs({ agent: 'it' })],
    ['accepts a handoff', (s) => s.acceptHandoff({ handoffId, agent: 'it' })],
    ['resolves a handoff', (s) => s.resolveHandoff({ handoffId, outcome: 'rejected', agent: 'it' })],
  ])('if it %s, even in vain', async (_what, call) => {
    const [store, { contextStore }] = (await processes(1)) as [Store, Process];
    await call(contextStore).catch(() => undefined);
    await told();
    expect(await seenIn(store)).toEqual(['it']);
  });

  it('while it waits for offers, with its roles', async () => {
    const [store, { contextStore }] = (await processes(1)) as [Store, Process];
    const leaving = new AbortController();
    const waiting = contextStore
      .as({ signal: leaving.signal })
      .listHandoffs({ agent: 'it', roles: ['builder', 'qa'], waitSeconds: 45 });
    await told();
    expect(await seenIn(store)).toEqual(['it', 'role:builder', 'role:qa']);
    leaving.abort();
    await expect(waiting).rejects.toThrow('aborted');
  });

  it('by the short name of its client', async () => {
    const [store, { contextStore }] = (await processes(1)) as [Store, Process];
    const reported: RequestCaller = { clientName: 'codex-mcp-client' };
    await contextStore.as(reported).listHandoffs({});
    await told();
    expect(await seenIn(store)).toEqual(['codex']);
  });

  it('in its own namespace', async () => {
    const [store, { contextStore }] = (await processes(1)) as [Store, Process];
    await contextStore.as({ namespace: 'theirs' }).listHandoffs({ agent: 'it' });
    await told();
    expect([await seenIn(store), await seenIn(store, 'theirs')]).toEqual([[], ['it']]);
  });

  it('not by appends and reads, nor if another only looks at its inbox, nor if it may not have the name', async () => {
    const [, { contextStore, calls }] = (await processes(1)) as [Store, Process];
    const note = { sessionKey: 'work', contextType: 'message', content: 'x', agent: 'planner' } as const;
    await contextStore.updateContext(note);
    await contextStore.getContext({ sessionKey: 'work', agent: 'reader' });
    await contextStore.getBriefing({ sessionKey: 'work', agent: 'reader' });
    await contextStore.listSessions({ agent: 'reader' });
    const observer: RequestCaller = { isObserver: true };
    await contextStore.as(observer).listHandoffs({ agent: 'watched' });
    await contextStore
      .as({ agent: 'bound' })
      .listHandoffs({ agent: 'other' })
      .catch(() => undefined);
    await contextStore.listHandoffs({}).catch(() => undefined);
    expect(await calls()).not.toContain('noteAgents');
  });
});

describe('what a process tells the store', () => {
  it('is each name once an hour, and those of one moment together', async () => {
    const [store, { contextStore, calls }] = (await processes(1)) as [Store, Process];
    await Promise.all(['a', 'b', 'a'].map((agent) => contextStore.listHandoffs({ agent })));
    await contextStore.listHandoffs({ agent: 'b' });
    await contextStore.registerSession({ agent: 'a' });
    const made = await calls();
    expect(made.filter((operation) => operation === 'noteAgents')).toHaveLength(1);
    expect(await seenIn(store)).toEqual(['a', 'b']);
  });

  it('is at most 60 names of a namespace a minute, so that callers who make names up cost little', async () => {
    const [store, { contextStore, calls }] = (await processes(1)) as [Store, Process];
    for (let index = 0; index < 100; index += 1) await contextStore.listHandoffs({ agent: `made-up-${index}` });
    await contextStore.as({ namespace: 'other' }).listHandoffs({ agent: 'theirs' });
    await calls();
    expect(await seenIn(store)).toHaveLength(60);
    expect(await seenIn(store, 'other')).toEqual(['theirs']);
  });

  it('is told before the process ends', async () => {
    const [store, { contextStore }] = (await processes(1)) as [Store, Process];
    // The store stays open for others.
    const closing = createContextStore({ store: { ...store, close: async () => undefined } });
    const listed = closing.listHandoffs({ agent: 'it' });
    await closing.close();
    await listed;
    expect(await seenIn(store)).toEqual(['it']);
    await contextStore.close();
  });

  it('may fail: the call succeeds', async () => {
    const { contextStore, calls } = open(createMemoryStore(), {}, ['noteAgents', 'listAgents']);
    expect(await contextStore.registerSession({ sessionKey: 'work', agent: 'planner' })).toMatchObject({
      created: true,
    });
    const answer = await contextStore.requestHandoff({ ...offer, targetAgent: 'nobody' });
    expect(answer).not.toHaveProperty('hint');
    expect(await calls()).toContain('noteAgents');
  });
});

describe('an offer', () => {
  const hinted = { handoff: { status: 'pending' }, hint: expect.any(String) as string };

  it('to a name that was never seen is made, with a hint', async () => {
    const [, { contextStore, calls }] = (await processes(1)) as [Store, Process];
    await contextStore.listHandoffs({ agent: 'codex' });
    await calls();
    const answer = await contextStore.requestHandoff({ ...offer, targetAgent: 'Codex' });
    expect(answer).toMatchObject({ ...hinted, handoff: { targetAgent: 'Codex' } });
    expect(answer.hint).toMatch(/^No agent named Codex was seen .* Did you mean codex\?/);
    expect(Object.keys(answer)).toEqual(['note', 'hint', 'handoff']);
    expect(await calls()).toEqual(['listAgents', 'createHandoff', 'noteAgents']);
  });

  it('to a role that no agent has listened for gets one too', async () => {
    const [, { contextStore }] = (await processes(1)) as [Store, Process];
    expect(await contextStore.requestHandoff({ ...offer, targetAgent: 'role:qa' })).toMatchObject(hinted);
    await contextStore.listHandoffs({ agent: 'it', roles: ['qa'] });
    expect(await contextStore.requestHandoff({ ...offer, targetAgent: 'role:qa' })).not.toHaveProperty('hint');
  });

  it.each([
    ['an agent that this process has seen', 'reviewer', ['createHandoff']],
    ['anyone', undefined, ['createHandoff']],
    ['itself', 'planner', ['createHandoff']],
    ['an agent that another process has seen', 'elsewhere', ['listAgents', 'createHandoff']],
  ])('to %s gets none', async (_whom, targetAgent, operations) => {
    const [, here, there] = (await processes(2)) as [Store, Process, Process];
    await here.contextStore.listHandoffs({ agent: 'reviewer' });
    await here.contextStore.listHandoffs({ agent: 'planner' });
    await there.contextStore.listHandoffs({ agent: 'elsewhere' });
    await there.calls();
    await here.calls();
    expect(await here.contextStore.requestHandoff({ ...offer, targetAgent })).not.toHaveProperty('hint');
    expect(await here.calls()).toEqual(operations);
    // It is known from now on.
    await here.contextStore.requestHandoff({ ...offer, targetAgent });
    expect(await here.calls()).toEqual(['createHandoff']);
  });

  it('that is refused gets its refusal', async () => {
    const [, { contextStore }] = (await processes(1)) as [Store, Process];
    const refused = contextStore.requestHandoff({ ...offer, agent: 'outsider', targetAgent: 'nobody' });
    await expect(refused).rejects.toMatchObject({ code: 'NOT_A_PARTICIPANT' });
  });

  it('does not wait long for a hint', async () => {
    const store = createMemoryStore();
    const contextStore = createContextStore({
      store: { ...store, listAgents: () => new Promise(() => undefined) },
    });
    await contextStore.registerSession({ sessionKey: 'work', agent: 'planner' });
    expect(await contextStore.requestHandoff({ ...offer, targetAgent: 'nobody' })).not.toHaveProperty('hint');
  });
});
