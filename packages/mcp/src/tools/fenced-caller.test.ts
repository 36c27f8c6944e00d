import type { Client } from '@modelcontextprotocol/client';
import { createContextStore, type ContextStore } from '@org/domain';
import { createMemoryStore } from '@org/store-contract';
import { describe, expect, it } from 'vitest';
import { call, connect, factoryOver, memoryContextStore, type Era } from '../../test/connect.js';

const entry = { sessionKey: 'work', contextType: 'message', content: 'x' };

/** Connects a client to a new process that remembers epochs. */
const connectFenced = (contextStore: ContextStore, era: Era, agent: string): Promise<Client> =>
  connect(factoryOver(contextStore, { rememberEpochs: true }), era, agent);

/** Two processes with one agent name. The session was handed from the first to the second. */
async function twoProcesses(connectProcess = connectFenced) {
  const contextStore = memoryContextStore();
  const [older, newer] = [
    await connectProcess(contextStore, 'legacy', 'twin'),
    await connectProcess(contextStore, 'legacy', 'twin'),
  ];
  await call(older, 'registerSession', { sessionKey: 'work' });
  const offer = await call(older, 'requestHandoff', {
    sessionKey: 'work',
    targetAgent: 'twin',
    requestType: 'full_handoff',
  });
  const { handoffId } = offer.body['handoff'] as { handoffId: string };
  await call(newer, 'acceptHandoff', { handoffId });
  return { older, newer };
}

/** Moves a session from outside of the processes under test. @returns the id of the handoff */
async function handOver(
  contextStore: ContextStore,
  from: string,
  to: string,
  requestType: 'full_handoff' | 'collaboration' = 'full_handoff',
): Promise<string> {
  const offer = { sessionKey: 'work', requestType, agent: from, targetAgent: to };
  const { handoff } = await contextStore.requestHandoff(offer);
  await contextStore.acceptHandoff({ handoffId: handoff.handoffId, agent: to });
  return handoff.handoffId;
}

describe('a process that remembers epochs', () => {
  it('stays fenced against another process with the same agent name', async () => {
    const { older, newer } = await twoProcesses();
    expect((await call(newer, 'updateContext', entry)).body).toMatchObject({ sequence: 1, epoch: 2 });
    for (const [tool, args] of [
      ['updateContext', entry],
      ['updateContext', entry],
      ['updateContext', { ...entry, epoch: null }],
      ['updateSession', { sessionKey: 'work', title: 'mine' }],
      ['requestHandoff', { sessionKey: 'work', requestType: 'full_handoff' }],
    ] as const) {
      expect((await call(older, tool, args)).body, tool).toMatchObject({ code: 'OWNERSHIP_LOST' });
    }
  });

  it('is told apart from the process that accepted first', async () => {
    const { older } = await twoProcesses();
    const { body } = await call(older, 'listHandoffs', { direction: 'outbox' });
    const [accepted] = body['handoffs'] as { handoffId: string }[];
    expect((await call(older, 'acceptHandoff', { handoffId: accepted?.handoffId })).body).toMatchObject({
      code: 'HANDOFF_CLAIMED',
    });
    expect((await call(older, 'updateContext', entry)).body).toMatchObject({ code: 'OWNERSHIP_LOST' });
  });

  it('tells a session from an earlier one with the same key', async () => {
    const contextStore = memoryContextStore();
    const client = await connectFenced(contextStore, 'legacy', 'twin');
    await call(client, 'registerSession', { sessionKey: 'work' });
    await handOver(contextStore, 'twin', 'twin');
    await call(client, 'registerSession', { sessionKey: 'work', ifExists: 'resume' });
    await contextStore.deleteSession('work');
    expect((await call(client, 'registerSession', { sessionKey: 'work' })).body).toMatchObject({ created: true });
    expect((await call(client, 'updateContext', entry)).body).toMatchObject({ sequence: 1, epoch: 1 });
  });

  it('can write again after it has resumed the session', async () => {
    const { older } = await twoProcesses();
    await call(older, 'registerSession', { sessionKey: 'work', ifExists: 'resume' });
    expect((await call(older, 'updateContext', entry)).body).toMatchObject({ epoch: 2 });
  });

  it('prefers an explicit epoch', async () => {
    const { older } = await twoProcesses();
    expect((await call(older, 'updateContext', { ...entry, epoch: 2 })).body).toMatchObject({ epoch: 2 });
  });

  it('remembers epochs separately for each agent', async () => {
    const { older } = await twoProcesses();
    // The visitor does not own the session, so neither agent learns an epoch from the answer.
    await call(older, 'registerSession', { sessionKey: 'work', ifExists: 'resume', agent: 'visitor' });
    expect((await call(older, 'updateContext', entry)).body).toMatchObject({ code: 'OWNERSHIP_LOST' });
    expect((await call(older, 'updateContext', { ...entry, agent: 'visitor' })).body).toMatchObject({
      code: 'NOT_A_PARTICIPANT',
    });
  });

  it('stays fenced after reading a session of another owner, and after repeating an old acceptance', async () => {
    const contextStore = memoryContextStore();
    const older = await connectFenced(contextStore, 'modern', 'planner');
    await call(older, 'registerSession', { sessionKey: 'work' });
    await handOver(contextStore, 'planner', 'other');
    await call(older, 'registerSession', { sessionKey: 'work', ifExists: 'resume' });
    const handoffId = await handOver(contextStore, 'other', 'planner');
    expect((await call(older, 'updateContext', entry)).body).toMatchObject({ code: 'OWNERSHIP_LOST' });
    expect((await call(older, 'acceptHandoff', { handoffId })).body).toMatchObject({ replayed: true });
    expect((await call(older, 'updateContext', entry)).body).toMatchObject({ code: 'OWNERSHIP_LOST' });
  });

  it('lets a former owner write again as a participant', async () => {
    const contextStore = memoryContextStore();
    const planner = await connectFenced(contextStore, 'modern', 'planner');
    await call(planner, 'registerSession', { sessionKey: 'work' });
    await handOver(contextStore, 'planner', 'other');
    const offer = { sessionKey: 'work', requestType: 'collaboration', agent: 'other' } as const;
    const { handoff } = await contextStore.requestHandoff(offer);
    await call(planner, 'acceptHandoff', { handoffId: handoff.handoffId });
    expect((await call(planner, 'updateContext', entry)).body).toMatchObject({ epoch: 2, sequence: 1 });
  });

  it('is fenced if it only ever appended', async () => {
    const contextStore = memoryContextStore();
    const older = await connectFenced(contextStore, 'modern', 'twin');
    await contextStore.registerSession({ sessionKey: 'work', agent: 'twin' });
    expect((await call(older, 'updateContext', entry)).body).toMatchObject({ sequence: 1, epoch: 1 });
    await handOver(contextStore, 'twin', 'twin');
    for (let attempt = 0; attempt < 2; attempt += 1) {
      expect((await call(older, 'updateContext', entry)).body).toMatchObject({ code: 'OWNERSHIP_LOST' });
    }
    expect((await call(older, 'updateSession', { sessionKey: 'work', title: 'mine' })).body).toMatchObject({
      code: 'OWNERSHIP_LOST',
    });
    await call(older, 'registerSession', { sessionKey: 'work', ifExists: 'resume' });
    expect((await call(older, 'updateContext', entry)).body).toMatchObject({ sequence: 2, epoch: 2 });
  });

  it('keeps writing as a participant when ownership moves between others, and is fenced when it moves to its own agent name', async () => {
    const contextStore = memoryContextStore();
    const helper = await connectFenced(contextStore, 'legacy', 'helper');
    await contextStore.registerSession({ sessionKey: 'work', agent: 'a' });
    await handOver(contextStore, 'a', 'helper', 'collaboration');
    expect((await call(helper, 'updateContext', entry)).body).toMatchObject({ sequence: 1, epoch: 1 });
    await handOver(contextStore, 'a', 'b');
    expect((await call(helper, 'updateContext', entry)).body).toMatchObject({ sequence: 2, epoch: 2 });
    await handOver(contextStore, 'b', 'helper');
    expect((await call(helper, 'updateContext', entry)).body).toMatchObject({ code: 'OWNERSHIP_LOST' });
  });

  it('stays fenced as the former owner if its agent became a participant in another process', async () => {
    const contextStore = memoryContextStore();
    const older = await connectFenced(contextStore, 'modern', 'planner');
    await call(older, 'registerSession', { sessionKey: 'work' });
    await handOver(contextStore, 'planner', 'other');
    await handOver(contextStore, 'other', 'planner', 'collaboration');
    expect((await call(older, 'updateContext', entry)).body).toMatchObject({ code: 'OWNERSHIP_LOST' });
  });

  it('takes a session over that it has owned before, and fences out the owner', async () => {
    let nowMs = 0;
    const contextStore = createContextStore({ store: createMemoryStore({ clock: () => nowMs }) });
    const [former, owner] = [
      await connectFenced(contextStore, 'modern', 'planner'),
      await connectFenced(contextStore, 'modern', 'other'),
    ];
    await call(former, 'registerSession', { sessionKey: 'work' });
    const { body: offered } = await call(former, 'requestHandoff', { sessionKey: 'work', requestType: 'full_handoff' });
    await call(owner, 'acceptHandoff', { handoffId: (offered['handoff'] as { handoffId: string }).handoffId });
    expect((await call(owner, 'updateContext', entry)).body).toMatchObject({ sequence: 1, epoch: 2 });
    const { body } = await call(former, 'requestHandoff', { sessionKey: 'work', requestType: 'take_over' });
    const { handoffId } = body['handoff'] as { handoffId: string };
    expect((await call(owner, 'updateContext', entry)).body).toMatchObject({
      takeOver: { handoffId, requestedBy: 'planner', acceptableAt: body['acceptableAt'] },
    });
    expect((await call(former, 'acceptHandoff', { handoffId })).body).toMatchObject({
      code: 'TAKE_OVER_TOO_EARLY',
      retryable: true,
      details: { retryAfterMs: 600_000 },
    });
    nowMs += 600_000;
    expect((await call(former, 'acceptHandoff', { handoffId })).body).toMatchObject({
      session: { owner: 'planner', epoch: 3 },
      tookOver: { from: 'other', lastSequence: 2, lastWroteAt: new Date(0).toISOString() },
    });
    expect((await call(owner, 'updateContext', entry)).body).toMatchObject({
      code: 'OWNERSHIP_LOST',
      details: { takenOverAt: new Date(nowMs).toISOString() },
    });
    expect((await call(former, 'updateContext', entry)).body).toMatchObject({ sequence: 4, epoch: 3 });
  });

  describe('and resolves handoffs', () => {
    /** The agent's session, offered by the older process, and accepted by an unknown process. */
    async function acceptedElsewhere() {
      const contextStore = memoryContextStore();
      const connectProcess = () => connectFenced(contextStore, 'modern', 'twin');
      const older = await connectProcess();
      await call(older, 'registerSession', { sessionKey: 'work' });
      const { body } = await call(older, 'requestHandoff', { sessionKey: 'work', requestType: 'full_handoff' });
      const { handoffId } = body['handoff'] as { handoffId: string };
      await contextStore.acceptHandoff({ handoffId, agent: 'twin' });
      return { contextStore, connectProcess, older, handoffId };
    }

    it.each(['returned', 'completed'])(
      'sends its epoch, so an older process cannot resolve the handoff as %s',
      async (outcome) => {
        const { contextStore, older, handoffId } = await acceptedElsewhere();
        expect((await call(older, 'resolveHandoff', { handoffId, outcome })).body).toMatchObject({
          code: 'OWNERSHIP_LOST',
        });
        expect(await contextStore.readSession('work')).toMatchObject({ owner: 'twin', epoch: 2 });
        await call(older, 'registerSession', { sessionKey: 'work', ifExists: 'resume' });
        expect((await call(older, 'resolveHandoff', { handoffId, outcome })).body).toMatchObject({
          handoff: { status: outcome },
        });
      },
    );

    it('finds the epoch of a handoff that it has not seen, after it has resumed the session', async () => {
      const { contextStore, connectProcess, handoffId } = await acceptedElsewhere();
      const accepting = await connectProcess();
      await contextStore.resolveHandoff({ handoffId, outcome: 'completed', agent: 'twin' });
      const next = await contextStore.requestHandoff({
        sessionKey: 'work',
        requestType: 'full_handoff',
        agent: 'twin',
      });
      const end = { handoffId: next.handoff.handoffId, outcome: 'completed' };
      await call(accepting, 'acceptHandoff', { handoffId: end.handoffId });
      const restarted = await connectProcess();
      expect((await call(restarted, 'resolveHandoff', end)).body).toMatchObject({
        code: 'OWNERSHIP_LOST',
        message: expect.stringContaining('resume with registerSession') as string,
      });
      const another = await connectProcess();
      await call(another, 'registerSession', { sessionKey: 'work', ifExists: 'resume' });
      expect((await call(another, 'resolveHandoff', end)).body).toMatchObject({ handoff: { status: 'completed' } });
    });

    it('gets the first answer to an idempotency key again, even if it is fenced by then', async () => {
      const { older, newer } = await twoProcesses();
      const offer = { sessionKey: 'work', requestType: 'full_handoff', targetAgent: 'twin' };
      const { body } = await call(newer, 'requestHandoff', offer);
      const { handoffId } = body['handoff'] as { handoffId: string };
      await call(older, 'acceptHandoff', { handoffId });
      const end = { handoffId, outcome: 'completed', idempotencyKey: 'end' };
      expect((await call(older, 'resolveHandoff', end)).body).toMatchObject({ handoff: { status: 'completed' } });
      const again = (await call(older, 'requestHandoff', offer)).body['handoff'] as { handoffId: string };
      await call(newer, 'acceptHandoff', { handoffId: again.handoffId });
      expect((await call(older, 'resolveHandoff', end)).body).toMatchObject({ replayed: true });
    });

    it('completes a shared handoff after it lost ownership of the session', async () => {
      const contextStore = memoryContextStore();
      const planner = await connectFenced(contextStore, 'modern', 'planner');
      await call(planner, 'registerSession', { sessionKey: 'work' });
      await handOver(contextStore, 'planner', 'other');
      const offer = { sessionKey: 'work', requestType: 'context_transfer', agent: 'other' } as const;
      const { handoff } = await contextStore.requestHandoff(offer);
      await call(planner, 'acceptHandoff', { handoffId: handoff.handoffId });
      const end = { handoffId: handoff.handoffId, outcome: 'completed' };
      expect((await call(planner, 'resolveHandoff', end)).body).toMatchObject({ handoff: { status: 'completed' } });
    });
  });

  it('acts as the configured agent, and only without one as the client', async () => {
    const contextStore = memoryContextStore({ agent: 'configured' });
    const factory = factoryOver(contextStore, { rememberEpochs: true });
    const client = await connect(factory, 'modern', 'someone');
    await call(client, 'registerSession', { sessionKey: 'work' });
    const { body } = await call(client, 'requestHandoff', { sessionKey: 'work', requestType: 'full_handoff' });
    const { handoffId } = body['handoff'] as { handoffId: string };
    await contextStore.acceptHandoff({ handoffId, agent: 'configured' });
    expect((await call(client, 'updateContext', entry)).body).toMatchObject({
      code: 'OWNERSHIP_LOST',
      details: expect.anything() as object,
    });
  });
});

it('remembers no epochs by default', async () => {
  const { older } = await twoProcesses((contextStore, era, agent) => connect(factoryOver(contextStore), era, agent));
  expect((await call(older, 'updateContext', entry)).isError).toBe(false);
});
