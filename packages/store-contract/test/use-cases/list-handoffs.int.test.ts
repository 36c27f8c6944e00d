import { getEventListeners } from 'node:events';
import {
  createContextStore,
  mapStore,
  type Caller,
  type ContextStore,
  type Store,
  type StoreOperation,
  type UseCaseInput,
} from '@org/domain';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { createMemoryStore } from '../../src/memory-store/memory-store.js';

type Listed = Awaited<ReturnType<ContextStore['listHandoffs']>>;

const pollIntervalMs = 1000;
let memory: Store;
/** Counts the calls of each store operation. */
let calls: Partial<Record<StoreOperation, number>>;
let cannotPeek = false;
let store: ContextStore;
/** Another process on the same data, without events from this one. */
let elsewhere: ContextStore;

beforeEach(async () => {
  vi.useFakeTimers();
  memory = createMemoryStore();
  calls = {};
  store = openOver(counting(memory));
  elsewhere = openOver(memory);
  await store.registerSession({ sessionKey: 'work' });
});

afterEach(() => {
  vi.useRealTimers();
});

const openOver = (over: Store): ContextStore => createContextStore({ store: over }, { agent: 'planner' });

function counting(over: Store): Store {
  const counted = mapStore(over, async ({ operation, run }) => {
    calls[operation] = (calls[operation] ?? 0) + 1;
    if (cannotPeek && operation === 'peekInboxes') throw new Error('gone');
    return run();
  });
  return { ...over, ...counted };
}

async function offer(targetAgent?: string, from = store): Promise<string> {
  const request = { sessionKey: 'work', requestType: 'full_handoff', targetAgent } as const;
  return (await from.requestHandoff(request)).handoff.handoffId;
}

/** A waiting call, and its answer. */
function waiting(input: UseCaseInput<'listHandoffs'> = {}, caller: Caller = {}): { listed?: Listed; reason?: unknown } {
  const seen: { listed?: Listed; reason?: unknown } = {};
  void store
    .as(caller)
    .listHandoffs({ agent: 'implementer', waitSeconds: 45, ...input })
    .then(
      (listed) => (seen.listed = listed),
      (reason: unknown) => (seen.reason = reason),
    );
  return seen;
}

const idsOf = ({ listed }: { listed?: Listed }): string[] | undefined =>
  listed?.handoffs.map(({ handoffId }) => handoffId);
const passing = (ms: number): Promise<unknown> => vi.advanceTimersByTimeAsync(ms);

describe('listHandoffs with waitSeconds', () => {
  it('answers at once if there is an offer', async () => {
    const handoffId = await offer('implementer');
    const wait = waiting();
    await passing(0);
    expect(idsOf(wait)).toEqual([handoffId]);
    expect(vi.getTimerCount()).toBe(0);
  });

  it('answers when an offer arrives, without a poll', async () => {
    const wait = waiting({ roles: ['builder'] });
    await passing(10);
    await offer('reviewer');
    await passing(0);
    expect(wait).toEqual({});
    const handoffId = await offer('role:builder');
    await passing(0);
    expect(idsOf(wait)).toEqual([handoffId]);
    expect(calls.peekInboxes).toBeUndefined();
  });

  it('answers only for an offer that the list would show: other projects do not even cost a read', async () => {
    const mine = { project: 'mine' };
    const wait = waiting({}, mine);
    const all = waiting({ project: '*' }, mine);
    await passing(10);
    const reads = calls.listHandoffs;
    await store.registerSession({ sessionKey: 'theirs', project: 'theirs' });
    const theirs = await store.requestHandoff({ sessionKey: 'theirs', requestType: 'full_handoff' });
    await passing(0);
    expect(idsOf(all)).toEqual([theirs.handoff.handoffId]);
    expect(calls.listHandoffs).toBe((reads ?? 0) + 1);
    await passing(3 * pollIntervalMs);
    expect(wait).toEqual({});
    const handoffId = await offer();
    await passing(0);
    expect(idsOf(wait)).toEqual([handoffId]);
    expect(calls.listHandoffs).toBe((reads ?? 0) + 2);
  });

  it('answers when an offer moves into the project, also one that is older than the cursor', async () => {
    const mine = { project: 'mine' };
    await store.registerSession({ sessionKey: 'theirs', project: 'theirs' });
    const { handoff } = await store.requestHandoff({ sessionKey: 'theirs', requestType: 'full_handoff' });
    await offer();
    const { cursor } = await store.as(mine).listHandoffs({ agent: 'implementer' });
    const wait = waiting({ cursor }, mine);
    await passing(10);
    await store.updateSession({ sessionKey: 'theirs', project: 'mine' });
    await passing(0);
    expect(idsOf(wait)).toEqual([handoff.handoffId]);
  });

  it('answers by the poll when another process made the offer', async () => {
    const wait = waiting();
    await passing(10);
    const handoffId = await offer('implementer', elsewhere);
    expect(wait).toEqual({});
    await passing(pollIntervalMs);
    expect(idsOf(wait)).toEqual([handoffId]);
  });

  it('misses no offer that arrives between the read and the wait', async () => {
    let handoffId: string | undefined;
    let looks = 0;
    const late: Store = {
      ...memory,
      listHandoffs: async (request) => {
        const page = await memory.listHandoffs(request);
        looks += 1;
        if (looks === 1) handoffId = await offer('implementer');
        return page;
      },
    };
    store = openOver(late);
    const wait = waiting();
    await passing(0);
    expect(idsOf(wait)).toEqual([handoffId]);
    expect(looks).toBe(2);
  });

  it('answers when a lease lapses and the offer is pending again', async () => {
    const handoffId = await offer('role:builder');
    await elsewhere.acceptHandoff({ agent: 'another', handoffId, leaseSeconds: 5 });
    const wait = waiting({ roles: ['builder'] });
    await passing(4000);
    expect(wait).toEqual({});
    await passing(1000 + pollIntervalMs);
    expect(idsOf(wait)).toEqual([handoffId]);
  });

  it('waits for an offer after its cursor', async () => {
    await offer('implementer');
    const { cursor } = await store.listHandoffs({ agent: 'implementer' });
    const wait = waiting({ cursor });
    await passing(3 * pollIntervalMs);
    expect(wait).toEqual({});
    const handoffId = await offer('implementer');
    await passing(0);
    expect(idsOf(wait)).toEqual([handoffId]);
    const again = waiting({ cursor: wait.listed?.cursor ?? '' });
    await passing(3 * pollIntervalMs);
    expect(again).toEqual({});
    await passing(45_000);
    expect(idsOf(again)).toEqual([]);
  });

  it('answers with an empty page and a cursor when its time is up', async () => {
    const wait = waiting({ waitSeconds: 0.5 });
    await passing(499);
    expect(wait).toEqual({});
    await passing(1);
    expect(idsOf(wait)).toEqual([]);
    expect(vi.getTimerCount()).toBe(0);
    const handoffId = await offer('implementer');
    const listed = await store.listHandoffs({ agent: 'implementer', cursor: wait.listed?.cursor });
    expect(idsOf({ listed })).toEqual([handoffId]);
  });

  it('rejects with the reason of its signal when that aborts, and leaves no timer or subscription', async () => {
    const controller = new AbortController();
    const wait = waiting({}, { signal: controller.signal });
    await passing(10);
    expect(vi.getTimerCount()).toBe(2);
    controller.abort('enough');
    await passing(0);
    expect(wait).toEqual({ reason: 'enough' });
    expect(vi.getTimerCount()).toBe(0);
    expect(getEventListeners(controller.signal, 'abort')).toEqual([]);
  });

  it('ends when the store closes, and leaves no timer or subscription', async () => {
    vi.useRealTimers();
    const timers = (): number => process.getActiveResourcesInfo().filter((name) => name === 'Timeout').length;
    const before = timers();
    const calling = store.listHandoffs({ agent: 'implementer', waitSeconds: 45 });
    while (timers() < before + 2) await new Promise((resolve) => setImmediate(resolve));
    await store.close();
    expect((await calling).handoffs).toEqual([]);
    expect(timers()).toBe(before);
  });

  it('keeps waiting if a poll fails', async () => {
    const wait = waiting();
    await passing(10);
    cannotPeek = true;
    await passing(3 * pollIntervalMs);
    cannotPeek = false;
    expect(wait).toEqual({});
    const handoffId = await offer('implementer', elsewhere);
    await passing(pollIntervalMs);
    expect(idsOf(wait)).toEqual([handoffId]);
  });

  it('costs a thousand waiters one read each and one poll in all, and an offer wakes only its target', async () => {
    const waits = Array.from({ length: 1000 }, (_, index) => waiting({ agent: `agent-${index}` }));
    await passing(10);
    expect(calls.listHandoffs).toBe(1000);
    await passing(3 * pollIntervalMs);
    expect(calls).toMatchObject({ listHandoffs: 1000, peekInboxes: 3 });
    const handoffId = await offer('agent-7');
    await passing(0);
    expect(calls.listHandoffs).toBe(1001);
    expect(waits.filter(({ listed }) => listed !== undefined)).toHaveLength(1);
    expect(idsOf(waits[7] ?? {})).toEqual([handoffId]);
    await store.close();
    await passing(0);
    expect(waits.filter(({ listed }) => listed === undefined)).toEqual([]);
    expect(vi.getTimerCount()).toBe(0);
  });

  it.each([
    { waitSeconds: 1, direction: 'outbox' as const },
    { waitSeconds: 1, status: 'accepted' as const },
    { waitSeconds: 46 },
    { waitSeconds: -1 },
    { waitSeconds: Number.NaN },
    { waitSeconds: Infinity },
    { waitSeconds: 1, cursor: 'made-up' },
  ])('refuses %j', async (input) => {
    await expect(store.listHandoffs({ agent: 'implementer', ...input })).rejects.toMatchObject({
      code: 'VALIDATION_ERROR',
    });
    expect(vi.getTimerCount()).toBe(0);
  });

  it('refuses nested lists at once, without a wait', async () => {
    const waitSeconds = JSON.parse(`${'['.repeat(50_000)}1${']'.repeat(50_000)}`) as number;
    await expect(store.listHandoffs({ agent: 'implementer', waitSeconds })).rejects.toMatchObject({
      code: 'VALIDATION_ERROR',
    });
  });
});

describe('listHandoffs', () => {
  it('shows an offer to the agent on the first page, however many older offers to anyone there are', async () => {
    for (let count = 0; count < 30; count += 1) await offer();
    const handoffId = await offer('implementer');
    const first = await store.listHandoffs({ agent: 'implementer' });
    expect(first.handoffs[0]?.handoffId).toBe(handoffId);
    expect(first).toMatchObject({ more: true });
    expect(first.handoffs).toHaveLength(20);
    const rest = await store.listHandoffs({ agent: 'implementer', cursor: first.cursor });
    expect(rest.handoffs).toHaveLength(11);
    expect(rest).not.toHaveProperty('more');
  });

  it('waits for a new offer to the agent while more offers to anyone follow', async () => {
    for (let count = 0; count < 30; count += 1) await offer();
    const { cursor } = await store.listHandoffs({ agent: 'implementer' });
    const handoffId = await offer('implementer');
    const wait = waiting({ cursor });
    await passing(0);
    expect(idsOf(wait)?.[0]).toBe(handoffId);
  });

  it('shows one handoff by its id to any agent, in any status', async () => {
    const requestData = { big: 'x'.repeat(60_000) };
    const { handoff } = await store.requestHandoff({ sessionKey: 'work', requestType: 'full_handoff', requestData });
    const { handoffId } = handoff;
    await store.acceptHandoff({ agent: 'implementer', handoffId });
    for (const agent of ['planner', 'implementer', 'reviewer']) {
      const listed = await store.listHandoffs({ agent, handoffId, maxTokens: 25_000 });
      expect(listed).toMatchObject({ handoffs: [{ handoffId, status: 'accepted', requestData }] });
      expect(Object.keys(listed)).toEqual(['note', 'handoffs']);
    }
    const [cut] = (await store.listHandoffs({ handoffId })).handoffs;
    expect(cut).toMatchObject({ truncated: ['requestData'] });
    await expect(store.listHandoffs({ handoffId: 'none' })).rejects.toMatchObject({ code: 'HANDOFF_NOT_FOUND' });
  });

  it.each<UseCaseInput<'listHandoffs'>>([
    { roles: ['builder'] },
    { direction: 'outbox' },
    { status: 'pending' },
    { waitSeconds: 1 },
    { cursor: 'x' },
  ])('refuses %j together with an id', async (input) => {
    const call = store.listHandoffs({ handoffId: 'some', ...input });
    await expect(call).rejects.toMatchObject({
      code: 'VALIDATION_ERROR',
      message: expect.stringMatching(/handoffId: names one handoff/) as string,
    });
  });

  it('refuses a cursor that is ahead of the store, and says to begin again', async () => {
    for (let count = 0; count < 3; count += 1) await offer();
    const { cursor } = await store.listHandoffs({ agent: 'implementer' });
    // The state after a restore from a backup.
    const restored = openOver(createMemoryStore());
    await restored.registerSession({ sessionKey: 'work' });
    for (const waitSeconds of [0, 45]) {
      const call = restored.listHandoffs({ agent: 'implementer', cursor, waitSeconds });
      await expect(call).rejects.toMatchObject({
        code: 'VALIDATION_ERROR',
        message: expect.stringMatching(/without a cursor to begin again/) as string,
      });
    }
    const handoffId = await offer('implementer', restored);
    const { handoffs } = await restored.listHandoffs({ agent: 'implementer' });
    expect(handoffs).toMatchObject([{ handoffId }]);
  });
});
