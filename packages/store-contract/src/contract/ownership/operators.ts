import { limits, type TakenOverSession, type TakeOverSession } from '@org/domain';
import { describe, expect } from 'vitest';
import { dayMs, expectRefusal, type ScenarioTest, type StoreScenario } from '../../store-scenario.js';

const leaseMs = 60_000;

const give = (s: StoreScenario, request: Partial<TakeOverSession> = {}): Promise<TakenOverSession> =>
  s.store.takeOverSession({ namespace: s.namespace, sessionKey: s.sessionKey, agent: 'rescuer', ...request });

export function describeOperators(test: ScenarioTest): void {
  describe('an operator', () => {
    test('gives a session to another agent at once, and the log says so', async (s) => {
      await s.createSession();
      await s.claim(await s.offer({ requestType: 'collaboration' }), 'helper');
      const written = await s.append();
      const { session, tookOver } = await give(s, { reason: 'the laptop was lost' });
      expect(tookOver).toEqual({ from: 'planner', lastSequence: 1, lastWroteAtMs: written.createdAtMs });
      expect(session).toMatchObject({
        owner: 'rescuer',
        participants: ['helper'],
        formerOwners: ['planner'],
        epoch: 2,
        version: 3,
        lastSequence: 2,
      });
      expect(session.ownerWroteAtMs).toBeUndefined();
      expect(session.ownerLastSequence).toBeUndefined();
      expect(session.takenOverAtMs).toBe(session.observedAtMs);
      expect(await s.readSession()).toEqual({ ...session, observedAtMs: expect.any(Number) as number });
      const wroteAt = new Date(written.createdAtMs).toISOString();
      const { entries } = await s.readEntries();
      expect(entries.at(-1)).toMatchObject({
        sequence: 2,
        contextType: 'system',
        agent: 'rescuer',
        epoch: 2,
        content:
          'An operator gave the session to rescuer. planner owned it before, and did not hand it over. ' +
          `Reason: the laptop was lost\nplanner last wrote at ${wroteAt}; its newest entry is 1.`,
        metadata: { takeOver: { from: 'planner', by: 'operator', lastSequence: 1, lastWroteAt: wroteAt } },
      });
      await expectRefusal(s.append(), 'OWNERSHIP_LOST');
      expect(await s.append({ agent: 'rescuer', epoch: 2 })).toMatchObject({ sequence: 3 });
    });

    test('needs no reason, and cannot give the session to its owner', async (s) => {
      await s.createSession();
      await expectRefusal(give(s, { agent: 'planner' }), 'VALIDATION_ERROR');
      await expectRefusal(give(s, { sessionKey: 'none' }), 'SESSION_NOT_FOUND');
      expect(await s.readSession()).toMatchObject({ owner: 'planner', epoch: 1, lastSequence: 0 });
      await give(s);
      const { entries } = await s.readEntries();
      expect(entries.map(({ content }) => content)).toEqual([
        expect.stringMatching(/did not hand it over\.\nplanner last wrote at .*, and appended no entry since/),
      ]);
    });

    test('ends a lease, and the handoff that gave it', async (s) => {
      await s.createSession();
      const offer = await s.offer();
      await s.claim(offer, 'implementer', undefined, leaseMs);
      const other = await s.offer({ agent: 'implementer' });
      const { session } = await give(s);
      expect(session).toMatchObject({ owner: 'rescuer', epoch: 3, formerOwners: ['planner', 'implementer'] });
      expect(session.lease).toBeUndefined();
      const [ended, cancelled] = await Promise.all(
        [offer, other].map(({ handoffId }) => s.store.readHandoff({ namespace: s.namespace, handoffId })),
      );
      expect(ended).toMatchObject({
        status: 'cancelled',
        reason: 'an operator gave the session to rescuer',
        resolvedAtMs: session.takenOverAtMs,
      });
      expect(ended?.leaseExpiresAtMs).toBeUndefined();
      expect(cancelled).toMatchObject({ status: 'cancelled', reason: 'ownership moved' });
      await s.advance(leaseMs);
      expect(await s.readSession()).toMatchObject({ owner: 'rescuer', epoch: 3 });
      await expectRefusal(s.claim(offer, 'implementer'), 'HANDOFF_NOT_PENDING');
      await expectRefusal(s.claim(offer, 'rescuer'), 'HANDOFF_CLAIMED');
      await expectRefusal(s.resolve(offer, 'returned', 'implementer'), 'HANDOFF_NOT_PENDING');
    });

    test('gives a session whose lease has lapsed to another agent than the requester', async (s) => {
      await s.createSession();
      const offer = await s.offer();
      await s.claim(offer, 'implementer', undefined, leaseMs);
      await s.advance(leaseMs);
      const { session, tookOver } = await give(s);
      expect(tookOver.from).toBe('planner');
      expect(session).toMatchObject({ owner: 'rescuer', epoch: 4 });
      await expectRefusal(s.claim(offer, 'implementer'), 'HANDOFF_NOT_PENDING');
    });

    test('takes over what is closed or has expired, which stays so until its new owner changes it', async (s) => {
      await s.createSession({ ttlMs: leaseMs });
      await s.advance(leaseMs);
      const before = await s.readSession();
      expect((await give(s)).session.lastActivityAtMs).toBe(before.lastActivityAtMs);
      await expectRefusal(s.append({ agent: 'rescuer' }), 'SESSION_EXPIRED');
      await s.updateSession({ agent: 'rescuer', ttlMs: dayMs, state: 'archived' });
      expect((await give(s, { agent: 'second' })).session).toMatchObject({ owner: 'second', state: 'archived' });
      await expectRefusal(s.append({ agent: 'second' }), 'SESSION_NOT_ACTIVE');
      await s.updateSession({ agent: 'second', state: 'active' });
      expect(await s.append({ agent: 'second' })).toMatchObject({ sequence: 3, epoch: 3 });
    });

    test('is faster than an agent that waits for the deadline', async (s) => {
      await s.createSession();
      const request = await s.askFor('other');
      await s.advance(limits.takeOverAfterMs);
      const [given, taken] = await Promise.allSettled([give(s), s.claim(request, 'other')]);
      expect(given.status).toBe('fulfilled');
      const session = await s.readSession();
      expect(session.owner).toBe('rescuer');
      expect(session.epoch).toBe(taken.status === 'fulfilled' ? 3 : 2);
      expect(session.lastSequence).toBe(session.epoch - 1);
      expect(session.takeOver).toBeUndefined();
    });

    test('takes a session from an owner that goes on writing', async (s) => {
      await s.createSession();
      const writing = (async () => {
        // Ends with the refusal that the take-over brings.
        for (let written = 0; written < 1000; written += 1) await s.append();
      })().catch((error: unknown) => error);
      await s.append();
      const { session, tookOver } = await give(s);
      expect(await writing).toMatchObject({ code: 'OWNERSHIP_LOST' });
      const { entries } = await s.readEntries({ afterSequence: session.lastSequence - 1 });
      expect(entries[0]).toMatchObject({ contextType: 'system', epoch: 2 });
      expect(tookOver.lastSequence).toBe(session.lastSequence - 1);
      await expectRefusal(s.append(), 'OWNERSHIP_LOST');
    });
  });
}
