import { storeUnavailable, type ContextStoreError, type WorkHandler } from '@org/domain';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { sleep, WorkScene, type SeenWorker } from './work-scene.js';

let scene: WorkScene;
beforeEach(() => {
  vi.useFakeTimers();
  scene = new WorkScene(() => storeUnavailable('It went away.', { written: 'unknown' }));
});
afterEach(async () => {
  await scene.store.close();
  vi.useRealTimers();
});

const passing = (ms: number): Promise<unknown> => vi.advanceTimersByTimeAsync(ms);
const away = (): ContextStoreError => storeUnavailable('It is away.', { written: 'no' });

async function settled(seen: SeenWorker): Promise<SeenWorker> {
  await passing(0);
  return seen;
}

describe('a worker that loses its lease', () => {
  it('aborts the handler, records nothing of it, and takes the offer again', async () => {
    const handoffId = await scene.offer('work');
    const runs: { reason?: unknown; late?: unknown }[] = [];
    scene.start(
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
    scene.failures = { claimHandoff: Array.from({ length: 100 }, away) };
    await passing(6000);
    scene.failures = {};
    expect(runs[0]?.reason).toMatchObject({ code: 'STORE_UNAVAILABLE', retryable: false });
    expect(runs[0]?.late).toBe(runs[0]?.reason);
    await passing(5000);
    expect(runs).toHaveLength(2);
    expect(await scene.read(handoffId)).toMatchObject({ status: 'completed', result: { run: 2 } });
    expect((await scene.store.getContext({ sessionKey: 'work' })).entries).toEqual([]);
    expect(scene.errors).toContain(runs[0]?.reason);
  });

  // Of another agent, or of another process of the same agent.
  it.each(['other', 'worker'])('because the session went to %s aborts the handler', async (owner) => {
    for (const sessionKey of ['writes', 'waits']) {
      await scene.offer(sessionKey);
      scene.errors.length = 0;
      const reasons: unknown[] = [];
      const stopOne = new AbortController();
      const handler: WorkHandler = async ({ append, signal }) => {
        signal.addEventListener('abort', () => reasons.push(signal.reason));
        await sleep(sessionKey === 'writes' ? 1000 : 60_000);
        await append({ contextType: 'message', content: 'late' });
      };
      scene.start(handler, { leaseSeconds: 60, signal: stopOne.signal, drainMs: 3_600_000 });
      await passing(0);
      const request = { sessionKey, requestType: 'full_handoff', targetAgent: owner } as const;
      const { handoff } = await scene.store.as({ agent: 'worker' }).requestHandoff(request);
      stopOne.abort();
      await scene.store.as({ agent: owner, process: 'another' }).acceptHandoff({ handoffId: handoff.handoffId });
      await passing(sessionKey === 'writes' ? 1001 : 20_001);
      expect(reasons).toMatchObject([{ code: 'OWNERSHIP_LOST', details: { owner, epoch: 3 } }]);
      expect(scene.errors).toEqual(reasons);
      await passing(60_000);
      expect((await scene.store.getContext({ sessionKey })).entries).toEqual([]);
    }
  });
});

describe('a worker whose store is away', () => {
  it('goes on when it is back: each step is carried out once, also if its answer got lost', async () => {
    const handoffId = await scene.offer('work');
    scene.failures = { listHandoffs: [away(), away()], readBriefing: [away()] };
    scene.lostAnswers = { claimHandoff: 1, appendEntry: 1, resolveHandoff: 1 };
    let runs = 0;
    scene.start(async ({ append }) => {
      runs += 1;
      await append({ contextType: 'message', content: 'once' });
      return { runs };
    });
    await passing(20_000);
    expect(runs).toBe(1);
    expect(await scene.read(handoffId)).toMatchObject({ status: 'completed', result: { runs: 1 } });
    expect((await scene.store.getContext({ sessionKey: 'work' })).entries).toHaveLength(1);
    expect(scene.errors.map((error) => (error as ContextStoreError).code)).toEqual(
      Array<string>(6).fill('STORE_UNAVAILABLE'),
    );
    await passing(60_000);
    expect(runs).toBe(1);
  });

  it('rejects with what no retry can solve, after its handlers have ended', async () => {
    const handoffId = await scene.offer('work');
    const lasting = storeUnavailable('Only its operator can mend it.', { written: 'no', retryable: false });
    const seen = scene.start(() => sleep(1000), { concurrency: 2 });
    await passing(0);
    scene.failures = { listHandoffs: [lasting], peekInboxes: [] };
    await scene.offer('next');
    await passing(500);
    expect(seen).toEqual({});
    await passing(1000);
    expect(seen.end).toBe(lasting);
    expect(await scene.read(handoffId)).toMatchObject({ status: 'completed' });
    expect(vi.getTimerCount()).toBe(0);
  });
});

describe('a worker that is drained', () => {
  it('takes nothing more, and waits for its handlers', async () => {
    const [first, second] = [await scene.offer('first'), await scene.offer('second')];
    const seen = scene.start(() => sleep(1000));
    await passing(10);
    scene.stop.abort();
    await scene.offer('third');
    await passing(900);
    expect(seen).toEqual({});
    await passing(200);
    expect(seen).toEqual({ end: 'drained' });
    expect([(await scene.read(first))?.status, (await scene.read(second))?.status]).toEqual(['completed', 'pending']);
    expect(vi.getTimerCount()).toBe(0);
  });

  it('returns handoffs whose handlers take too long, and does not wait for those', async () => {
    const handoffId = await scene.offer('work');
    const reasons: unknown[] = [];
    const seen = scene.start(
      ({ signal }) => {
        signal.addEventListener('abort', () => reasons.push(signal.reason));
        return sleep(3_600_000);
      },
      { drainMs: 3000 },
    );
    await passing(10);
    scene.stop.abort();
    await passing(2990);
    expect(seen).toEqual({});
    await passing(20);
    expect(seen).toEqual({ end: 'drained' });
    expect(await scene.read(handoffId)).toMatchObject({
      status: 'returned',
      reason: 'The worker stopped before it was done.',
    });
    expect(reasons).toMatchObject([{ message: 'The worker has no more time to drain.' }]);
    expect(scene.errors).toEqual([]);
  });

  it('ends in time though its store hangs', async () => {
    await scene.offer('work');
    const seen = scene.start(() => sleep(3_600_000), { drainMs: 3000 });
    await passing(10);
    for (const operation of ['resolveHandoff', 'claimHandoff'] as const) scene.hanging.add(operation);
    scene.stop.abort();
    await passing(5001);
    expect(seen).toEqual({ end: 'drained' });
  });

  it('does nothing if its signal has aborted before', async () => {
    await scene.offer('work');
    scene.stop.abort();
    scene.calls.length = 0;
    expect(await settled(scene.start(() => undefined))).toEqual({ end: 'drained' });
    expect(scene.calls).toEqual([]);
    expect(vi.getTimerCount()).toBe(0);
  });

  it('because the store is closed aborts its handlers at once', async () => {
    await scene.offer('work');
    const reasons: unknown[] = [];
    const seen = scene.start(async ({ signal }) => {
      await new Promise((resolve) => signal.addEventListener('abort', resolve));
      reasons.push(signal.reason);
    });
    await passing(10);
    await scene.store.close();
    await passing(10);
    expect(seen).toEqual({ end: 'drained' });
    expect(reasons).toMatchObject([{ code: 'STORE_CLOSED' }]);
    expect(vi.getTimerCount()).toBe(0);
  });
});
