import {
  ContextStoreError,
  createContextStore,
  mapStore,
  storeUnavailable,
  type ContextStore,
  type Handoff,
  type Store,
  type StoreOperation,
  type Work,
  type WorkHandler,
  type WorkOptions,
} from '@org/domain';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { createMemoryStore } from '../../src/memory-store/memory-store.js';

let memory: Store;
let failures: Partial<Record<StoreOperation, unknown[]>>;
/** After these, the answer of the operation gets lost. */
let lostAnswers: Partial<Record<StoreOperation, number>>;
/** These do not answer any more. */
let hanging: Set<StoreOperation>;
let calls: StoreOperation[];
let store: ContextStore;
let stop: AbortController;
let errors: unknown[];

const away = (): ContextStoreError => storeUnavailable('It is away.', { written: 'no' });

beforeEach(async () => {
  vi.useFakeTimers();
  memory = createMemoryStore({ clock: Date.now });
  failures = {};
  lostAnswers = {};
  hanging = new Set();
  calls = [];
  errors = [];
  stop = new AbortController();
  const observed = mapStore(memory, async ({ operation, run }) => {
    calls.push(operation);
    if (hanging.has(operation)) await new Promise(() => undefined);
    const failure = failures[operation]?.shift();
    if (failure !== undefined) throw failure;
    const answer = await run();
    const lost = lostAnswers[operation] ?? 0;
    lostAnswers[operation] = lost - 1;
    if (lost > 0) throw storeUnavailable('It went away.', { written: 'unknown' });
    return answer;
  });
  store = createContextStore({ store: { ...memory, ...observed } }, { agent: 'planner' });
});
afterEach(async () => {
  await store.close();
  vi.useRealTimers();
});

const passing = (ms: number): Promise<unknown> => vi.advanceTimersByTimeAsync(ms);

/** Offers a new session to anyone, and returns the handoff's id. */
async function offer(sessionKey: string, more: Partial<Parameters<ContextStore['requestHandoff']>[0]> = {}) {
  await store.registerSession({ sessionKey });
  const { handoff } = await store.requestHandoff({ sessionKey, requestType: 'full_handoff', ...more });
  return handoff.handoffId;
}

const read = async (handoffId: string): Promise<Handoff | undefined> =>
  (await store.listHandoffs({ handoffId, maxTokens: 200_000 })).handoffs[0];

/** Starts a worker. `end` is what its promise settled with. */
function start(handler: WorkHandler, options: WorkOptions = {}, agent = 'worker') {
  const seen: { end?: unknown } = {};
  const onError = (error: unknown): void => void errors.push(error);
  void store
    .as({ agent })
    .work({ signal: stop.signal, onError, ...options }, handler)
    .then(
      () => (seen.end = 'drained'),
      (reason: unknown) => (seen.end = reason),
    );
  return seen;
}

const sleep = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

describe('a worker', () => {
  it('gives its handler the session, the whole handoff and a briefing, and records the result', async () => {
    const summary = 'long '.repeat(3000);
    const requestData = { big: 'x'.repeat(50_000) };
    const handoffId = await offer('work', { summary, instructions: 'Go on.', requestData });
    const given: Work[] = [];
    start(async (work) => {
      given.push(work);
      await work.append({ contextType: 'message', content: 'Done.' });
      return { ok: true };
    });
    await passing(0);
    expect(given).toMatchObject([
      {
        handoff: { handoffId, status: 'accepted', acceptedBy: 'worker', summary, instructions: 'Go on.', requestData },
        session: { sessionKey: 'work', owner: 'worker', epoch: 2 },
        briefing: { text: expect.stringContaining('Go on.') as string },
      },
    ]);
    expect(given[0]?.handoff).not.toHaveProperty('truncated');
    expect(await read(handoffId)).toMatchObject({ status: 'completed', result: { ok: true } });
    const { entries } = await store.getContext({ sessionKey: 'work' });
    expect(entries).toMatchObject([{ agent: 'worker', content: 'Done.' }]);
    expect(errors).toEqual([]);
  });

  it.each<[string, unknown, string]>([
    ['an error', new Error('The build is red.'), 'The build is red.'],
    ['an error without a message', new TypeError(), 'TypeError'],
    ['a text', 'no', 'no'],
    ['nothing', '', 'The handler failed.'],
    ['what no database stores', new Error('a\0b\ud800'), 'a\ufffdb\ufffd'],
    ['a long message', new Error('é'.repeat(5000)), `${'é'.repeat(1022)}…`],
  ])('returns a handoff whose handler throws %s', async (_what, thrown, reason) => {
    const handoffId = await offer('work');
    start(() => Promise.reject(thrown as Error));
    await passing(0);
    expect(await read(handoffId)).toMatchObject({ status: 'returned', reason });
    expect(await store.readSession('work')).toMatchObject({ owner: 'planner', epoch: 3 });
    expect(errors).toEqual([thrown]);
  });

  it('returns a handoff whose result cannot be recorded, and completes one without a result', async () => {
    const [large, none, wrong] = [await offer('large'), await offer('none'), await offer('wrong')];
    start(({ session }) => {
      if (session.sessionKey === 'large') return { big: 'x'.repeat(70_000) };
      return session.sessionKey === 'wrong' ? ('text' as never) : undefined;
    });
    await passing(0);
    expect(await read(large)).toMatchObject({
      status: 'returned',
      reason: expect.stringMatching(/^result: is larger/),
    });
    expect(await read(wrong)).toMatchObject({ status: 'returned', reason: expect.stringMatching(/^result: Invalid/) });
    expect(await read(none)).toMatchObject({ status: 'completed' });
    expect(await read(none)).not.toHaveProperty('result');
  });

  it('takes what is offered to it, to its roles and to anyone, and leaves other types pending', async () => {
    const types = ['full_handoff', 'collaboration', 'context_transfer'] as const;
    const ids: string[] = [];
    for (const requestType of types) ids.push(await offer(requestType, { requestType }));
    ids.push(await offer('mine', { targetAgent: 'worker' }), await offer('role', { targetAgent: 'role:builder' }));
    ids.push(await offer('others', { targetAgent: 'reviewer' }));
    start(() => undefined, { roles: ['builder'] });
    await passing(0);
    const statuses = await Promise.all(ids.map(async (id) => (await read(id))?.status));
    expect(statuses).toEqual(['completed', 'pending', 'pending', 'completed', 'completed', 'pending']);
  });

  it('runs as many handlers at once as it may, and takes no more than those', async () => {
    for (let index = 0; index < 7; index += 1) await offer(`work-${index}`);
    let running = 0;
    let most = 0;
    start(
      async () => {
        running += 1;
        most = Math.max(most, running);
        await sleep(1000);
        running -= 1;
      },
      { concurrency: 3 },
    );
    await passing(500);
    const pending = await store.as({ agent: 'other' }).listHandoffs({});
    expect(pending.handoffs).toHaveLength(4);
    await passing(5000);
    expect(most).toBe(3);
    expect((await store.as({ agent: 'other' }).listHandoffs({})).handoffs).toEqual([]);
  });

  it('keeps a handoff for as long as its handler runs, also if that writes nothing', async () => {
    const handoffId = await offer('work');
    start(() => sleep(600_000), { leaseSeconds: 2 });
    await passing(599_000);
    const other = store.as({ agent: 'other' });
    await expect(other.acceptHandoff({ handoffId })).rejects.toMatchObject({ code: 'HANDOFF_CLAIMED' });
    expect(calls.filter((operation) => operation === 'claimHandoff').length).toBeLessThan(1000);
    await passing(2000);
    expect(await read(handoffId)).toMatchObject({ status: 'completed' });
    calls = [];
    await passing(20_000);
    expect(calls).not.toContain('claimHandoff');
    expect(errors).toEqual([]);
  });

  it('and others of one agent share their offers: each is done once', async () => {
    const ids = await Promise.all(Array.from({ length: 20 }, (_, index) => offer(`work-${index}`)));
    const done: string[] = [];
    const handler: WorkHandler = async ({ handoff }) => {
      done.push(handoff.handoffId);
      await sleep(10);
    };
    for (let index = 0; index < 4; index += 1) start(handler, { concurrency: 2 });
    await passing(1000);
    expect(done.toSorted()).toEqual(ids.toSorted());
    expect(errors).toEqual([]);
  });

  it.each<[string, object, string]>([
    ['unknown', { lease: 5 }, 'lease: unknown; known are roles, leaseSeconds'],
    ['wrong', { concurrency: 0, leaseSeconds: 0.5 }, 'leaseSeconds: Invalid input'],
  ])('refuses options that are %s', async (_what, options, problem) => {
    const { end } = await settled(start(() => undefined, options));
    expect(end).toMatchObject({ code: 'VALIDATION_ERROR', message: expect.stringContaining(problem) as string });
    await expect(createContextStore({ store: memory }).work({}, () => undefined)).rejects.toThrow('agent: missing');
  });
});

async function settled(seen: { end?: unknown }): Promise<{ end?: unknown }> {
  await passing(0);
  return seen;
}

describe('a worker that loses its lease', () => {
  it('aborts the handler, records nothing of it, and takes the offer again', async () => {
    const handoffId = await offer('work');
    const runs: { reason?: unknown; late?: unknown }[] = [];
    start(
      async ({ append, signal }) => {
        const run: { reason?: unknown; late?: unknown } = {};
        runs.push(run);
        if (runs.length > 1) return { run: 2 };
        await new Promise((resolve) => signal.addEventListener('abort', resolve));
        run.reason = signal.reason;
        run.late = await append({ contextType: 'message', content: 'late' }).catch((error: unknown) => error);
        return { run: 1 };
      },
      { leaseSeconds: 6 },
    );
    await passing(0);
    failures = { claimHandoff: Array.from({ length: 100 }, away) };
    await passing(6000);
    failures = {};
    expect(runs[0]?.reason).toMatchObject({ code: 'STORE_UNAVAILABLE', retryable: false });
    expect(runs[0]?.late).toBe(runs[0]?.reason);
    await passing(5000);
    expect(runs).toHaveLength(2);
    expect(await read(handoffId)).toMatchObject({ status: 'completed', result: { run: 2 } });
    expect((await store.getContext({ sessionKey: 'work' })).entries).toEqual([]);
    expect(errors).toContain(runs[0]?.reason);
  });

  // Of another agent, or of another process of the same agent.
  it.each(['other', 'worker'])('because the session went to %s aborts the handler', async (owner) => {
    for (const sessionKey of ['writes', 'waits']) {
      await offer(sessionKey);
      errors = [];
      const reasons: unknown[] = [];
      const stopOne = new AbortController();
      const handler: WorkHandler = async ({ append, signal }) => {
        signal.addEventListener('abort', () => reasons.push(signal.reason));
        await sleep(sessionKey === 'writes' ? 1000 : 60_000);
        await append({ contextType: 'message', content: 'late' });
      };
      start(handler, { leaseSeconds: 60, signal: stopOne.signal, drainMs: 3_600_000 });
      await passing(0);
      const request = { sessionKey, requestType: 'full_handoff', targetAgent: owner } as const;
      const { handoff } = await store.as({ agent: 'worker' }).requestHandoff(request);
      stopOne.abort();
      await store.as({ agent: owner, process: 'another' }).acceptHandoff({ handoffId: handoff.handoffId });
      await passing(sessionKey === 'writes' ? 1001 : 20_001);
      expect(reasons).toMatchObject([{ code: 'OWNERSHIP_LOST', details: { owner, epoch: 3 } }]);
      expect(errors).toEqual(reasons);
      await passing(60_000);
      expect((await store.getContext({ sessionKey })).entries).toEqual([]);
    }
  });
});

describe('a worker whose store is away', () => {
  it('goes on when it is back: each step is carried out once, also if its answer got lost', async () => {
    const handoffId = await offer('work');
    failures = { listHandoffs: [away(), away()], readBriefing: [away()] };
    lostAnswers = { claimHandoff: 1, appendEntry: 1, resolveHandoff: 1 };
    let runs = 0;
    start(async ({ append }) => {
      runs += 1;
      await append({ contextType: 'message', content: 'once' });
      return { runs };
    });
    await passing(20_000);
    expect(runs).toBe(1);
    expect(await read(handoffId)).toMatchObject({ status: 'completed', result: { runs: 1 } });
    expect((await store.getContext({ sessionKey: 'work' })).entries).toHaveLength(1);
    expect(errors.map((error) => (error as ContextStoreError).code)).toEqual(
      Array<string>(6).fill('STORE_UNAVAILABLE'),
    );
    await passing(60_000);
    expect(runs).toBe(1);
  });

  it('rejects with what no retry can solve, after its handlers have ended', async () => {
    const handoffId = await offer('work');
    const lasting = storeUnavailable('Only its operator can mend it.', { written: 'no', retryable: false });
    const seen = start(() => sleep(1000), { concurrency: 2 });
    await passing(0);
    failures = { listHandoffs: [lasting], peekInboxes: [] };
    await offer('next');
    await passing(500);
    expect(seen).toEqual({});
    await passing(1000);
    expect(seen.end).toBe(lasting);
    expect(await read(handoffId)).toMatchObject({ status: 'completed' });
    expect(vi.getTimerCount()).toBe(0);
  });
});

describe('a worker that is drained', () => {
  it('takes nothing more, and waits for its handlers', async () => {
    const [first, second] = [await offer('first'), await offer('second')];
    const seen = start(() => sleep(1000));
    await passing(10);
    stop.abort();
    await offer('third');
    await passing(900);
    expect(seen).toEqual({});
    await passing(200);
    expect(seen).toEqual({ end: 'drained' });
    expect([(await read(first))?.status, (await read(second))?.status]).toEqual(['completed', 'pending']);
    expect(vi.getTimerCount()).toBe(0);
  });

  it('returns handoffs whose handlers take too long, and does not wait for those', async () => {
    const handoffId = await offer('work');
    const reasons: unknown[] = [];
    const seen = start(
      ({ signal }) => {
        signal.addEventListener('abort', () => reasons.push(signal.reason));
        return sleep(3_600_000);
      },
      { drainMs: 3000 },
    );
    await passing(10);
    stop.abort();
    await passing(2990);
    expect(seen).toEqual({});
    await passing(20);
    expect(seen).toEqual({ end: 'drained' });
    expect(await read(handoffId)).toMatchObject({
      status: 'returned',
      reason: 'The worker stopped before it was done.',
    });
    expect(reasons).toMatchObject([{ message: 'The worker has no more time to drain.' }]);
    expect(errors).toEqual([]);
  });

  it('ends in time though its store hangs', async () => {
    await offer('work');
    const seen = start(() => sleep(3_600_000), { drainMs: 3000 });
    await passing(10);
    hanging = new Set(['resolveHandoff', 'claimHandoff']);
    stop.abort();
    await passing(5001);
    expect(seen).toEqual({ end: 'drained' });
  });

  it('does nothing if its signal has aborted before', async () => {
    await offer('work');
    stop.abort();
    calls = [];
    expect(await settled(start(() => undefined))).toEqual({ end: 'drained' });
    expect(calls).toEqual([]);
    expect(vi.getTimerCount()).toBe(0);
  });

  it('because the store is closed aborts its handlers at once', async () => {
    await offer('work');
    const reasons: unknown[] = [];
    const seen = start(async ({ signal }) => {
      await new Promise((resolve) => signal.addEventListener('abort', resolve));
      reasons.push(signal.reason);
    });
    await passing(10);
    await store.close();
    await passing(10);
    expect(seen).toEqual({ end: 'drained' });
    expect(reasons).toMatchObject([{ code: 'STORE_CLOSED' }]);
    expect(vi.getTimerCount()).toBe(0);
  });
});
