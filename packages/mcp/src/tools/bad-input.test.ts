import type { Client } from '@modelcontextprotocol/client';
import { createContextStore, type ContextStore } from '@org/domain';
import { createMemoryStore } from '@org/store-contract';
import { beforeEach, describe, expect, it } from 'vitest';
import { call, connect, eras, factoryOver } from '../../test/connect.js';

let nowMs: number;
let contextStore: ContextStore;
beforeEach(() => {
  nowMs = 1_000_000;
  contextStore = createContextStore({ store: createMemoryStore({ clock: () => nowMs }) });
});

/** Everything that a call could have changed. */
const stateOf = async (namespace = 'default'): Promise<unknown> => {
  const caller = { namespace };
  const { sessions } = await contextStore.as(caller).listSessions({});
  const logs = await Promise.all(sessions.map(({ sessionKey }) => contextStore.as(caller).getContext({ sessionKey })));
  const outbox = await contextStore.as(caller).listHandoffs({ direction: 'outbox', agent: 'planner' });
  return { sessions, logs, outbox };
};

async function expectRefusal(client: Client, tool: string, args: object, code: string, says: string): Promise<void> {
  const before = await stateOf();
  const { isError, body } = await call(client, tool as 'listSessions', { ...args });
  expect({ isError, ...body }).toMatchObject({ isError: true, code, message: expect.stringContaining(says) as string });
  expect(await stateOf()).toEqual(before);
}

describe.each(eras)('bad input, %s era', (era) => {
  let planner: Client;
  let reviewer: Client;
  beforeEach(async () => {
    planner = await connect(factoryOver(contextStore), era, 'planner');
    reviewer = await connect(factoryOver(contextStore), era, 'reviewer');
    await call(planner, 'registerSession', { sessionKey: 'work' });
    await call(planner, 'updateContext', { sessionKey: 'work', contextType: 'message', content: 'x' });
  });
  const offer = async (more: object = {}): Promise<string> => {
    const { body } = await call(planner, 'requestHandoff', {
      sessionKey: 'work',
      requestType: 'full_handoff',
      ...more,
    });
    return (body['handoff'] as { handoffId: string }).handoffId;
  };

  it.each([
    ['requestHandoff', { sessionKey: 'work', requestType: 'full_handoff', targetAgent: 'role:' }, 'targetAgent'],
    ['requestHandoff', { sessionKey: 'work', requestType: 'full_handoff', targetAgent: 'roles:x' }, 'targetAgent'],
    ['requestHandoff', { sessionKey: 'work', requestType: 'full_handoff', targetAgent: 'a b' }, 'targetAgent'],
    ['requestHandoff', { sessionKey: 'work', requestType: 'full_handoff', expiresInSeconds: 0 }, 'expiresInSeconds'],
    ['requestHandoff', { sessionKey: 'work', requestType: 'full_handoff', expiresInSeconds: 1e21 }, 'expiresInSeconds'],
    ['updateContext', { sessionKey: 'work', contextType: 'message', content: 'x', agent: 'role:reviewer' }, 'agent'],
    ['updateContext', { sessionKey: 'work', contextType: 'message', content: 'x', agent: 'a b' }, 'agent'],
    ['updateContext', { sessionKey: 'work', contextType: 'message', content: 'x', epoch: 0 }, 'epoch'],
    [
      'updateContext',
      { sessionKey: 'work', contextType: 'message', content: 'x', expectedSequence: -1 },
      'expectedSequence',
    ],
    ['listHandoffs', { roles: ['role:reviewer'] }, 'roles.0'],
    ['listHandoffs', { roles: 'reviewer' }, 'roles'],
    ['listHandoffs', { limit: -5 }, 'limit'],
    ['listHandoffs', { limit: 2 ** 60 }, 'limit'],
    ['listHandoffs', { waitSeconds: '45' }, 'waitSeconds'],
    ['getContext', { sessionKey: 'work', types: Array<string>(5).fill('file') }, 'types'],
    ['acceptHandoff', { handoffId: 'x', leaseSeconds: 0 }, 'leaseSeconds'],
    ['acceptHandoff', { handoffId: 'x', leaseSeconds: 1.5 }, 'leaseSeconds'],
    ['acceptHandoff', { handoffId: 'x', leaseSeconds: 1e9 }, 'leaseSeconds'],
    ['acceptHandoff', { handoffId: 'x', maxTokens: -1 }, 'maxTokens'],
    ['getContext', { sessionKey: 'work', ackSequence: -1 }, 'ackSequence'],
    ['getContext', { sessionKey: 'work', ackSequence: 2 }, 'ackSequence'],
    ['getContext', { sessionKey: 'work', ackSequence: 2 ** 53 }, 'ackSequence'],
    ['getContext', { sessionKey: 'work', unread: true, afterSequence: 0 }, 'unread'],
    ['getContext', { sessionKey: 'work', unread: true, order: 'desc' }, 'unread'],
    ['getContext', { sessionKey: 'work', unread: 'yes' }, 'unread'],
    ['getContext', { sessionKey: 'work', contentOffset: 1 }, 'contentOffset'],
    ['resolveHandoff', { handoffId: 'x', outcome: 'expired' }, 'outcome'],
    ['registerSession', { agent: 'a', agentFrom: 'b' }, 'agentFrom'],
  ])('%s refuses %j', async (tool, args, names) => {
    await expectRefusal(planner, tool, args, 'VALIDATION_ERROR', names);
  });

  it('refuses a cursor that is invented, or from another tool, session or namespace', async () => {
    await call(planner, 'registerSession', { sessionKey: 'other' });
    await call(planner, 'updateContext', { sessionKey: 'work', contextType: 'message', content: 'y' });
    const { body: page } = await call(planner, 'getContext', { sessionKey: 'work', limit: 1 });
    const { body: inbox } = await call(planner, 'listHandoffs', {});
    const { body: sessions } = await call(planner, 'listSessions', { limit: 1 });
    const theirs = await contextStore.as({ namespace: 'theirs' }).listHandoffs({ agent: 'planner' });
    const forged = Buffer.from(JSON.stringify(['AAAAAAAAAAA', -1])).toString('base64url');
    const refuse = (tool: string, args: object) => expectRefusal(planner, tool, args, 'VALIDATION_ERROR', 'cursor');
    for (const cursor of ['x', forged, inbox['cursor'], sessions['nextCursor']]) {
      await refuse('getContext', { sessionKey: 'work', cursor });
    }
    await refuse('getContext', { sessionKey: 'other', cursor: page['nextCursor'] });
    for (const cursor of ['x', forged, page['nextCursor'], sessions['nextCursor'], theirs.cursor]) {
      await refuse('listHandoffs', { cursor });
      await refuse('listHandoffs', { cursor, waitSeconds: 45 });
    }
    await refuse('listHandoffs', { cursor: inbox['cursor'], roles: ['reviewer'] });
    await expectRefusal(reviewer, 'listHandoffs', { cursor: inbox['cursor'] }, 'VALIDATION_ERROR', 'cursor');
    await refuse('listSessions', { cursor: inbox['cursor'] });
  });

  it('refuses an agent that accepts its own offer to a role', async () => {
    const handoffId = await offer({ targetAgent: 'role:reviewer' });
    expect((await call(planner, 'listHandoffs', { roles: ['reviewer'] })).body).toMatchObject({ handoffs: [] });
    await expectRefusal(planner, 'acceptHandoff', { handoffId }, 'FORBIDDEN', 'cancel it');
    expect((await call(reviewer, 'listHandoffs', { roles: ['reviewer'] })).body).toMatchObject({
      handoffs: [{ handoffId }],
    });
    expect((await call(reviewer, 'acceptHandoff', { handoffId })).body).toMatchObject({
      session: { owner: 'reviewer' },
    });
  });

  it('refuses to accept or resolve a handoff that has expired, or is already accepted or resolved', async () => {
    const handoffId = await offer({ expiresInSeconds: 60 });
    nowMs += 60_000;
    await expectRefusal(reviewer, 'acceptHandoff', { handoffId }, 'HANDOFF_EXPIRED', 'Ask planner for a new one');
    await expectRefusal(planner, 'resolveHandoff', { handoffId, outcome: 'cancelled' }, 'HANDOFF_EXPIRED', 'expired');

    const second = await offer();
    await call(reviewer, 'acceptHandoff', { handoffId: second });
    const third = await connect(factoryOver(contextStore), era, 'third');
    await expectRefusal(third, 'acceptHandoff', { handoffId: second }, 'HANDOFF_CLAIMED', 'reviewer');
    await expectRefusal(
      planner,
      'resolveHandoff',
      { handoffId: second, outcome: 'cancelled' },
      'HANDOFF_NOT_PENDING',
      'accepted',
    );
    await expectRefusal(
      planner,
      'resolveHandoff',
      { handoffId: second, outcome: 'completed' },
      'FORBIDDEN',
      'Only reviewer',
    );
    expect(
      (await call(reviewer, 'resolveHandoff', { handoffId: second, outcome: 'returned', reason: 'no' })).isError,
    ).toBe(false);
    for (const outcome of ['returned', 'completed', 'rejected']) {
      await expectRefusal(
        reviewer,
        'resolveHandoff',
        { handoffId: second, outcome },
        'HANDOFF_NOT_PENDING',
        'returned',
      );
    }
  });

  it('refuses a lease on a handoff that does not move ownership', async () => {
    const handoffId = await offer({ requestType: 'collaboration' });
    await expectRefusal(
      reviewer,
      'acceptHandoff',
      { handoffId, leaseSeconds: 60 },
      'VALIDATION_ERROR',
      'without leaseSeconds',
    );
  });
});
