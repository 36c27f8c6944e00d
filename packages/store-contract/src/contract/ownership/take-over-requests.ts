import { limits } from '@org/domain';
import { describe, expect } from 'vitest';
import { dayMs, expectRefusal, once, type ScenarioTest, type StoreScenario } from '../../store-scenario.js';

const leaseMs = 60_000;

/** The ids of the handoffs that are pending in an agent's inbox. */
const inboxOf = (s: StoreScenario, agent: string): Promise<string[]> => s.listedIds({ agent });

export function describeTakeOverRequests(test: ScenarioTest): void {
  describe('requests to take over', () => {
    test('go to the owner, and are no activity of the session', async (s) => {
      await s.createSession({ ttlMs: dayMs });
      const before = await s.readSession();
      await s.advance(1000);
      const request = await s.askFor('rescuer', { summary: 'the planner seems to be gone' });
      expect(request).toMatchObject({
        requestType: 'take_over',
        status: 'pending',
        requestingAgent: 'rescuer',
        targetAgent: 'planner',
        uptoSequence: 0,
      });
      expect(await inboxOf(s, 'planner')).toEqual([request.handoffId]);
      expect(await inboxOf(s, 'rescuer')).toEqual([]);
      const { owner, epoch, version, lastActivityAtMs, ownerWroteAtMs, takeOver } = await s.readSession();
      expect({ owner, epoch, version, lastActivityAtMs, ownerWroteAtMs }).toEqual({
        owner: 'planner',
        epoch: 1,
        version: 1,
        lastActivityAtMs: before.lastActivityAtMs,
        ownerWroteAtMs: before.createdAtMs,
      });
      expect(takeOver).toEqual({
        handoffId: request.handoffId,
        requestedBy: 'rescuer',
        requestedAtMs: request.createdAtMs,
        expiresAtMs: request.expiresAtMs,
      });
    });

    test('may name the owner, and no other target', async (s) => {
      await s.createSession();
      await s.askFor('rescuer', { targetAgent: 'planner' });
      await expectRefusal(s.askFor('rescuer', { targetAgent: 'implementer' }), 'VALIDATION_ERROR');
      await expectRefusal(s.askFor('rescuer', { targetAgent: 'role:builder' }), 'VALIDATION_ERROR');
    });

    test('are refused to the owner, in closed sessions, and at another epoch', async (s) => {
      await s.createSession();
      await expectRefusal(s.askFor('planner'), 'FORBIDDEN');
      await expectRefusal(s.askFor('rescuer', { sessionKey: 'none' }), 'SESSION_NOT_FOUND');
      await expectRefusal(s.askFor('rescuer', { epoch: 2 }), 'OWNERSHIP_LOST');
      await s.askFor('rescuer', { epoch: 1 });
      for (const state of ['completed', 'archived'] as const) {
        await s.updateSession({ state });
        await expectRefusal(s.askFor('rescuer'), 'SESSION_NOT_ACTIVE');
      }
    });

    test('are refused while a lease frees the session anyway', async (s) => {
      await s.createSession();
      const { session } = await s.claim(await s.offer(), 'implementer', undefined, leaseMs);
      const { details } = await expectRefusal(s.askFor('rescuer'), 'TAKE_OVER_TOO_EARLY');
      expect(details).toMatchObject({
        owner: 'implementer',
        returnsTo: 'planner',
        leaseExpiresAt: new Date(session.lease?.expiresAtMs ?? 0).toISOString(),
      });
      await s.advance(leaseMs);
      expect((await s.askFor('rescuer')).targetAgent).toBe('planner');
    });

    test('may be made by any agent, or by those that took part alone', async (s) => {
      await s.createSession();
      await s.claim(await s.offer({ requestType: 'context_transfer' }), 'reader');
      await s.claim(await s.offer({ requestType: 'collaboration' }), 'helper');
      await s.handOver();
      await s.resolve(await s.offer({ agent: 'implementer', targetAgent: 'tester' }), 'rejected', 'tester');
      for (const takeOverBy of ['participants', 'project', undefined] as const) {
        for (const agent of ['reader', 'helper', 'planner']) await s.askFor(agent, { takeOverBy });
        for (const agent of ['tester', 'outsider']) {
          const { details } = await expectRefusal(s.askFor(agent, { takeOverBy }), 'FORBIDDEN');
          expect(details).toMatchObject({ agent, owner: 'implementer', takeOverBy: takeOverBy ?? 'project' });
        }
        // Neither the session nor the agent has a project that could match the other's.
        await expectRefusal(s.askFor('outsider', { takeOverBy, callerProject: 'github.com/a/b' }), 'FORBIDDEN');
      }
      await s.askFor('outsider', { takeOverBy: 'namespace' });
    });

    test("may be made by agents of the session's project, unless only those that took part may", async (s) => {
      const callerProject = 'github.com/a/b';
      await s.createSession({ project: callerProject });
      await s.askFor('colleague', { takeOverBy: 'project', callerProject });
      await expectRefusal(s.askFor('colleague', { takeOverBy: 'participants', callerProject }), 'FORBIDDEN');
      await expectRefusal(
        s.askFor('stranger', { takeOverBy: 'project', callerProject: 'github.com/a/c' }),
        'FORBIDDEN',
      );
      await expectRefusal(s.askFor('stranger', { takeOverBy: 'project' }), 'FORBIDDEN');
    });

    test('are told to the writers with every append while one is pending', async (s) => {
      await s.createSession();
      await s.claim(await s.offer({ requestType: 'collaboration' }), 'helper');
      expect((await s.append()).takeOver).toBeUndefined();
      const { handoffId } = await s.askFor('rescuer');
      await s.advance(1000);
      const told = { handoffId, requestedBy: 'rescuer' };
      const first = await s.append({ idempotency: once('first') });
      expect(first.takeOver).toEqual({ ...told, lastSignAtMs: first.createdAtMs });
      await s.advance(1000);
      expect((await s.append({ agent: 'helper' })).takeOver).toEqual({ ...told, lastSignAtMs: first.createdAtMs });
      const many = await Promise.all([1, 2, 3].map((n) => s.append({ content: `${n}`, idempotency: once(`${n}`) })));
      expect(many.map(({ takeOver }) => takeOver?.handoffId)).toEqual([handoffId, handoffId, handoffId]);
      expect((await s.append({ idempotency: once('first') })).takeOver).toBeUndefined();
      await s.resolve({ handoffId }, 'rejected', 'planner', { reason: 'I am at work' });
      expect((await s.append()).takeOver).toBeUndefined();
    });

    test('are shown by the session as long as one is pending: that which lapses last', async (s) => {
      await s.createSession();
      const shown = async (): Promise<string | undefined> => (await s.readSession()).takeOver?.requestedBy;
      const first = await s.askFor('first', { expiresInMs: 3000 });
      const second = await s.askFor('second', { expiresInMs: 9000 });
      expect(await shown()).toBe('second');
      await s.askFor('third', { expiresInMs: 1000 });
      const fourth = await s.askFor('fourth', { expiresInMs: 5000 });
      expect(await shown()).toBe('second');
      await s.resolve(first, 'cancelled', 'first');
      expect(await shown()).toBe('second');
      await s.resolve(second, 'cancelled', 'second');
      expect(await shown()).toBe('fourth');
      await s.advance(4000);
      expect(await shown()).toBe('fourth');
      await s.resolve(fourth, 'rejected', 'planner');
      expect(await shown()).toBeUndefined();
      await s.askFor('fifth', { expiresInMs: 1000 });
      expect(await shown()).toBe('fifth');
      await s.advance(1000);
      expect(await shown()).toBeUndefined();
      expect((await s.append()).takeOver).toBeUndefined();
      await s.askFor('sixth', { expiresInMs: 500 });
      expect(await shown()).toBe('sixth');
    });

    test('are declined by the owner, withdrawn by the requester, and by no other agent', async (s) => {
      await s.createSession();
      await s.claim(await s.offer({ requestType: 'collaboration' }), 'helper');
      const request = await s.askFor('rescuer');
      for (const agent of ['helper', 'outsider']) {
        await expectRefusal(s.resolve(request, 'rejected', agent), 'FORBIDDEN');
        await expectRefusal(s.resolve(request, 'cancelled', agent), 'FORBIDDEN');
      }
      await expectRefusal(s.resolve(request, 'cancelled', 'planner'), 'FORBIDDEN');
      await expectRefusal(s.resolve(request, 'rejected', 'rescuer'), 'FORBIDDEN');
      for (const outcome of ['completed', 'returned'] as const) {
        await expectRefusal(s.resolve(request, outcome, 'rescuer'), 'HANDOFF_NOT_PENDING');
      }
      const { handoff } = await s.resolve(request, 'rejected', 'planner', { reason: 'I am at work' });
      expect(handoff).toMatchObject({ status: 'rejected', reason: 'I am at work' });
      const other = await s.askFor('rescuer');
      expect((await s.resolve(other, 'cancelled', 'rescuer')).handoff.status).toBe('cancelled');
      await s.advance(limits.takeOverAfterMs);
      for (const ended of [request, other]) {
        await expectRefusal(s.claim(ended, 'rescuer'), 'HANDOFF_NOT_PENDING');
      }
      expect(await s.readSession()).toMatchObject({ owner: 'planner', epoch: 1 });
    });

    test('end when the owner yields by an offer of its own', async (s) => {
      await s.createSession();
      const request = await s.askFor('rescuer');
      const other = await s.askFor('other');
      await s.claim(await s.offer({ targetAgent: 'rescuer', summary: 'half done' }), 'rescuer');
      const session = await s.readSession();
      expect(session).toMatchObject({ owner: 'rescuer', epoch: 2, lastSequence: 0 });
      expect(session.takeOver).toBeUndefined();
      expect(session.takenOverAtMs).toBeUndefined();
      for (const { handoffId } of [request, other]) {
        const ended = await s.store.readHandoff({ namespace: s.namespace, handoffId });
        expect(ended).toMatchObject({ status: 'cancelled', reason: 'ownership moved' });
      }
      await s.advance(limits.takeOverAfterMs);
      await expectRefusal(s.claim(other, 'other'), 'HANDOFF_NOT_PENDING');
    });

    test('are answered again under an idempotency key', async (s) => {
      await s.createSession();
      const idempotency = once('ask');
      const first = await s.createHandoff({ agent: 'planner', requestType: 'context_transfer', idempotency });
      const asked = { agent: 'rescuer', requestType: 'take_over', takeOverBy: 'namespace', idempotency } as const;
      const request = await s.createHandoff(asked);
      await s.resolve(request.handoff, 'rejected', 'planner');
      expect(await s.createHandoff(asked)).toEqual({ ...request, replayed: true });
      expect(first.handoff.handoffId).not.toBe(request.handoff.handoffId);
      expect((await s.readSession()).takeOver).toBeUndefined();
    });
  });
}
