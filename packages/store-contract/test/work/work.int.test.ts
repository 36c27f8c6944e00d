import { createContextStore, storeUnavailable, type Work, type WorkHandler } from '@org/domain';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { createMemoryStore } from '../../src/memory-store/memory-store.js';
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

async function settled(seen: SeenWorker): Promise<SeenWorker> {
  await passing(0);
  return seen;
}

describe('a worker', () => {
  it('gives its handler the session, the whole handoff and a briefing, and records the result', async () => {
    const summary = 'long '.repeat(3000);
    const requestData = { big: 'x'.repeat(50_000) };
    const handoffId = await scene.offer('work', { summary, instructions: 'Go on.', requestData });
    const given: Work[] = [];
    scene.start(async (work) => {
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
    expect(await scene.read(handoffId)).toMatchObject({ status: 'completed', result: { ok: true } });
    const { entries } = await scene.store.getContext({ sessionKey: 'work' });
    expect(entries).toMatchObject([{ agent: 'worker', content: 'Done.' }]);
    expect(scene.errors).toEqual([]);
  });

  it.each<[string, unknown, string]>([
    ['an error', new Error('The build is red.'), 'The build is red.'],
    ['an error without a message', new TypeError(), 'TypeError'],
    ['a text', 'no', 'no'],
    ['nothing', '', 'The handler failed.'],
    ['what no database stores', new Error('a\0b\ud800'), 'a\ufffdb\ufffd'],
    ['a long message', new Error('é'.repeat(5000)), `${'é'.repeat(1022)}…`],
  ])('returns a handoff whose handler throws %s', async (_what, thrown, reason) => {
    const handoffId = await scene.offer('work');
    scene.start(() => Promise.reject(thrown));
    await passing(0);
    expect(await scene.read(handoffId)).toMatchObject({ status: 'returned', reason });
    expect(await scene.store.readSession('work')).toMatchObject({ owner: 'planner', epoch: 3 });
    expect(scene.errors).toEqual([thrown]);
  });

  it('returns a handoff whose result cannot be recorded, and completes one without a result', async () => {
    const [large, none, wrong] = [await scene.offer('large'), await scene.offer('none'), await scene.offer('wrong')];
    scene.start(({ session }) => {
      if (session.sessionKey === 'large') return { big: 'x'.repeat(70_000) };
      return session.sessionKey === 'wrong' ? ('text' as never) : undefined;
    });
    await passing(0);
    expect(await scene.read(large)).toMatchObject({
      status: 'returned',
      reason: expect.stringMatching(/^result: is larger/),
    });
    expect(await scene.read(wrong)).toMatchObject({
      status: 'returned',
      reason: expect.stringMatching(/^result: Invalid/),
    });
    expect(await scene.read(none)).toMatchObject({ status: 'completed' });
    expect(await scene.read(none)).not.toHaveProperty('result');
  });

  it('takes what is offered to it, to its roles and to anyone, and leaves other types pending', async () => {
    const types = ['full_handoff', 'collaboration', 'context_transfer'] as const;
    const ids: string[] = [];
    for (const requestType of types) ids.push(await scene.offer(requestType, { requestType }));
    ids.push(
      await scene.offer('mine', { targetAgent: 'worker' }),
      await scene.offer('role', { targetAgent: 'role:builder' }),
    );
    ids.push(await scene.offer('others', { targetAgent: 'reviewer' }));
    scene.start(() => undefined, { roles: ['builder'] });
    await passing(0);
    const statuses = await Promise.all(ids.map(async (id) => (await scene.read(id))?.status));
    expect(statuses).toEqual(['completed', 'pending', 'pending', 'completed', 'completed', 'pending']);
  });

  it('runs as many handlers at once as it may, and takes no more than those', async () => {
    for (let index = 0; index < 7; index += 1) await scene.offer(`work-${index}`);
    let running = 0;
    let most = 0;
    scene.start(
      async () => {
        running += 1;
        most = Math.max(most, running);
        await sleep(1000);
        running -= 1;
      },
      { concurrency: 3 },
    );
    await passing(500);
    const pending = await scene.store.as({ agent: 'other' }).listHandoffs({});
    expect(pending.handoffs).toHaveLength(4);
    await passing(5000);
    expect(most).toBe(3);
    expect((await scene.store.as({ agent: 'other' }).listHandoffs({})).handoffs).toEqual([]);
  });

  it('keeps a handoff for as long as its handler runs, also if that writes nothing', async () => {
    const handoffId = await scene.offer('work');
    scene.start(() => sleep(600_000), { leaseSeconds: 2 });
    await passing(599_000);
    const other = scene.store.as({ agent: 'other' });
    await expect(other.acceptHandoff({ handoffId })).rejects.toMatchObject({ code: 'HANDOFF_CLAIMED' });
    expect(scene.calls.filter((operation) => operation === 'claimHandoff').length).toBeLessThan(1000);
    await passing(2000);
    expect(await scene.read(handoffId)).toMatchObject({ status: 'completed' });
    scene.calls.length = 0;
    await passing(20_000);
    expect(scene.calls).not.toContain('claimHandoff');
    expect(scene.errors).toEqual([]);
  });

  it('and others of one agent share their offers: each is done once', async () => {
    const ids = await Promise.all(Array.from({ length: 20 }, (_, index) => scene.offer(`work-${index}`)));
    const done: string[] = [];
    const handler: WorkHandler = async ({ handoff }) => {
      done.push(handoff.handoffId);
      await sleep(10);
    };
    for (let index = 0; index < 4; index += 1) scene.start(handler, { concurrency: 2 });
    await passing(1000);
    expect(done.toSorted()).toEqual(ids.toSorted());
    expect(scene.errors).toEqual([]);
  });

  it.each<[string, object, string]>([
    ['unknown', { lease: 5 }, 'lease: unknown; known are roles, leaseSeconds'],
    ['wrong', { concurrency: 0, leaseSeconds: 0.5 }, 'leaseSeconds: Invalid input'],
  ])('refuses options that are %s', async (_what, options, problem) => {
    const { end } = await settled(scene.start(() => undefined, options));
    expect(end).toMatchObject({ code: 'VALIDATION_ERROR', message: expect.stringContaining(problem) as string });
    await expect(createContextStore({ store: createMemoryStore() }).work({}, () => undefined)).rejects.toThrow(
      'agent: missing',
    );
  });
});
