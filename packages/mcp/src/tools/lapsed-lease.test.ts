import type { Client } from '@modelcontextprotocol/client';
import { createContextStore, type ContextStore } from '@org/domain';
import { createMemoryStore } from '@org/store-contract';
import { describe, expect, it } from 'vitest';
import { call, connect, factoryOver, type Era } from '../../test/connect.js';

const entry = { sessionKey: 'work', contextType: 'message', content: 'x' };

/** Connects a client to a new process that remembers epochs. */
const connectFenced = (contextStore: ContextStore, era: Era, agent: string): Promise<Client> =>
  connect(factoryOver(contextStore, { rememberEpochs: true }), era, agent);

describe('a process that remembers epochs', () => {
  it.each(['requester', 'twin'])(
    'is fenced after its lease lapsed and the process of %s has gone on with the session',
    async (requester) => {
      let nowMs = 0;
      const contextStore = createContextStore({ store: createMemoryStore({ clock: () => nowMs }) });
      const [holder, back] = [
        await connectFenced(contextStore, 'modern', 'twin'),
        await connectFenced(contextStore, 'modern', requester),
      ];
      await call(back, 'registerSession', { sessionKey: 'work' });
      const { body } = await call(back, 'requestHandoff', { sessionKey: 'work', requestType: 'full_handoff' });
      const { handoffId } = body['handoff'] as { handoffId: string };
      await call(holder, 'acceptHandoff', { handoffId, leaseSeconds: 60 });
      expect((await call(holder, 'updateContext', entry)).body).toMatchObject({ sequence: 1, epoch: 2 });
      nowMs += 60_000;
      // The requester's process has not seen the new epoch, so it resumes the session before it writes.
      expect((await call(back, 'updateContext', entry)).body).toMatchObject({ code: 'OWNERSHIP_LOST' });
      const resumed = await call(back, 'registerSession', { sessionKey: 'work', ifExists: 'resume' });
      expect(resumed.body).toMatchObject({ session: { owner: requester, epoch: 3, lastSequence: 1 } });
      expect((await call(back, 'updateContext', entry)).body).toMatchObject({ sequence: 2, epoch: 3 });
      expect((await call(holder, 'updateContext', entry)).body).toMatchObject({ code: 'OWNERSHIP_LOST' });
    },
  );

  /** A process that accepted a session on a lease, and slept past it. */
  async function slept() {
    let nowMs = 0;
    const contextStore = createContextStore({ store: createMemoryStore({ clock: () => nowMs }) });
    const holder = await connectFenced(contextStore, 'modern', 'holder');
    await contextStore.registerSession({ sessionKey: 'work', agent: 'a' });
    const offer = { sessionKey: 'work', requestType: 'full_handoff', agent: 'a' } as const;
    const { handoffId } = (await contextStore.requestHandoff(offer)).handoff;
    await call(holder, 'acceptHandoff', { handoffId, leaseSeconds: 60 });
    const sleep = (): void => void (nowMs += 60_000);
    sleep();
    return { contextStore, holder, handoffId, sleep };
  }

  it('goes on at a new epoch, on the same lease, each time that it slept past it', async () => {
    const { contextStore, holder, handoffId, sleep } = await slept();
    expect((await call(holder, 'updateContext', entry)).body).toMatchObject({ sequence: 1, epoch: 4 });
    sleep();
    expect((await call(holder, 'updateSession', { sessionKey: 'work', title: 'mine' })).body).toMatchObject({
      session: { owner: 'holder', epoch: 6, title: 'mine' },
    });
    expect((await contextStore.listHandoffs({ agent: 'a', handoffId })).handoffs).toMatchObject([
      { status: 'accepted', acceptedBy: 'holder' },
    ]);
    sleep();
    expect(await contextStore.readSession('work')).toMatchObject({ owner: 'a', epoch: 7 });
  });

  it.each([
    [
      'another agent has accepted it',
      (contextStore: ContextStore, handoffId: string) => contextStore.acceptHandoff({ handoffId, agent: 'b' }),
    ],
    [
      'the requester has written to it',
      (contextStore: ContextStore) =>
        contextStore.as({ agent: 'a' }).updateContext({ sessionKey: 'work', contextType: 'message', content: 'x' }),
    ],
    [
      'the offer was cancelled',
      (contextStore: ContextStore, handoffId: string) =>
        contextStore.resolveHandoff({ handoffId, agent: 'a', outcome: 'cancelled' }),
    ],
  ])('does not get back what it slept past if %s', async (_case, meanwhile) => {
    const { contextStore, holder, handoffId } = await slept();
    await meanwhile(contextStore, handoffId);
    expect((await call(holder, 'updateContext', entry)).body).toMatchObject({ code: 'OWNERSHIP_LOST' });
    expect((await call(holder, 'updateContext', { ...entry, epoch: 2 })).body).toMatchObject({
      code: 'OWNERSHIP_LOST',
    });
  });
});
