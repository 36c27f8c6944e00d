import { createContextStore, type ContextStore, type StoreEvent } from '@org/domain';
import { beforeEach, describe, expect, it } from 'vitest';
import { createMemoryStore } from '../../src/memory-store/memory-store.js';

const afterMs = 60_000;
const work = { sessionKey: 'work' };
const note = { ...work, contextType: 'message', content: 'a note' } as const;
const ask = { ...work, agent: 'rescuer', requestType: 'take_over', summary: 'The release is tomorrow.' } as const;

let nowMs: number;
let store: ContextStore;
beforeEach(async () => {
  nowMs = 1_000_000;
  const options = { agent: 'planner', takeOverAfterMs: afterMs, takeOverBy: 'namespace' } as const;
  store = createContextStore({ store: createMemoryStore({ clock: () => nowMs }) }, options);
  await store.registerSession(work);
});

const at = (ms: number): string => new Date(ms).toISOString();

describe('a request to take over', () => {
  it('says when it may be accepted, and wakes an owner that waits for offers', async () => {
    const waiting = store.listHandoffs({ waitSeconds: 45 });
    const { handoff, acceptableAt } = await store.requestHandoff(ask);
    expect(acceptableAt).toBe(at(nowMs + afterMs));
    const inbox = await waiting;
    expect(inbox.handoffs).toMatchObject([
      { handoffId: handoff.handoffId, summary: ask.summary, targetAgent: 'planner' },
    ]);
    const offer = await store.requestHandoff({ ...work, requestType: 'full_handoff' });
    expect(offer).not.toHaveProperty('acceptableAt');
  });

  it('is on the session and in the answers to its writers, as long as it is pending', async () => {
    const { handoff } = await store.requestHandoff(ask);
    const { handoffId } = handoff;
    nowMs += 1000;
    const takeOver = { handoffId, requestedBy: 'rescuer', acceptableAt: at(nowMs + afterMs) };
    expect((await store.updateContext(note)).takeOver).toEqual(takeOver);
    nowMs += 1000;
    expect((await store.registerSession({ ...work, ifExists: 'resume' })).session.takeOver).toEqual(takeOver);
    expect((await store.listSessions({})).sessions[0]?.takeOver).toEqual(takeOver);
    expect((await store.readSession('work')).takeOver).toEqual(takeOver);
    await store.resolveHandoff({ handoffId, outcome: 'rejected', reason: 'Still at it.' });
    expect(await store.readSession('work')).not.toHaveProperty('takeOver');
    expect(await store.updateContext(note)).not.toHaveProperty('takeOver');
    const outbox = await store.listHandoffs({ agent: 'rescuer', direction: 'outbox' });
    expect(outbox.handoffs).toMatchObject([{ status: 'rejected', reason: 'Still at it.' }]);
  });

  it('is subject to the policy of the deployment, which allows those that took part by default', async () => {
    const strict = createContextStore({ store: createMemoryStore() }, { agent: 'planner' });
    await strict.registerSession(work);
    await expect(strict.requestHandoff(ask)).rejects.toMatchObject({
      code: 'FORBIDDEN',
      message: expect.stringMatching(/By the option takeOverBy, which is "project".*agents of its project/) as string,
    });
  });
});

describe('an acceptance after the deadline', () => {
  it('tells what the former owner wrote, in the answer, its repetition and the briefing', async () => {
    await store.updateContext({ ...note, content: 'The last known state.' });
    const wroteAt = at(nowMs);
    const { handoff } = await store.requestHandoff(ask);
    const { handoffId } = handoff;
    await expect(store.acceptHandoff({ handoffId, agent: 'rescuer' })).rejects.toMatchObject({
      code: 'TAKE_OVER_TOO_EARLY',
      retryable: true,
      details: { retryAfterMs: afterMs, acceptableAt: at(nowMs + afterMs), ownerWroteAt: wroteAt },
    });
    nowMs += afterMs;
    const taken = await store.acceptHandoff({ handoffId, agent: 'rescuer' });
    const tookOver = { from: 'planner', lastSequence: 1, lastWroteAt: wroteAt };
    expect(taken).toMatchObject({ session: { owner: 'rescuer', epoch: 2 }, tookOver });
    expect(taken.briefing.entries.map(({ sequence, contextType }) => [sequence, contextType])).toEqual([
      [1, 'message'],
      [2, 'system'],
    ]);
    expect(taken.briefing.text).toContain(
      `Taken over from planner by handoff ${handoffId}, not handed over: planner last wrote at ${wroteAt}, last entry 1.`,
    );
    const again = await store.acceptHandoff({ handoffId, agent: 'rescuer' });
    expect(again).toMatchObject({ tookOver, replayed: true, briefing: taken.briefing });
  });
});

describe('an operator', () => {
  it('gives a session away, which its writers are told, and all that listen', async () => {
    const heard: StoreEvent[] = [];
    store.subscribe((event) => heard.push(event));
    await store.updateContext(note);
    heard.length = 0;
    const taken = await store.takeOverSession({ ...work, agent: 'rescuer', reason: 'retired' });
    expect(taken).toMatchObject({
      session: { owner: 'rescuer', epoch: 2, lastSequence: 2 },
      tookOver: { from: 'planner', lastSequence: 1, lastWroteAt: at(nowMs) },
    });
    expect(heard).toEqual([{ kind: 'session_changed', namespace: 'default', sessionKey: 'work' }]);
    await expect(store.updateContext(note)).rejects.toMatchObject({
      code: 'OWNERSHIP_LOST',
      details: { owner: 'rescuer', takenOverAt: at(nowMs) },
    });
  });

  it.each([
    [{ agent: 'rescuer' }, 'sessionKey'],
    [{ ...work }, 'agent'],
    [{ ...work, agent: 'role:x' }, 'agent'],
    [{ ...work, agent: 'rescuer', reason: '' }, 'reason'],
    [{ ...work, agent: 'rescuer', force: true }, 'force'],
    [{ ...work, agent: 'planner' }, 'agent'],
  ])('is refused %j', async (input, names) => {
    const refused = store.takeOverSession(input as Parameters<ContextStore['takeOverSession']>[0]);
    await expect(refused).rejects.toMatchObject({
      code: 'VALIDATION_ERROR',
      message: expect.stringContaining(names) as string,
    });
    expect(await store.readSession('work')).toMatchObject({ owner: 'planner', epoch: 1 });
  });
});
