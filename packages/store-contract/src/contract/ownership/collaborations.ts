import { limits, type HandoffRecord } from '@org/domain';
import { describe, expect } from 'vitest';
import { expectRefusal, once, type ScenarioTest, type StoreScenario } from '../../store-scenario.js';

/** Makes an agent a participant. Returns the handoff. */
async function invited(s: StoreScenario, agent = 'helper', owner = 'planner'): Promise<HandoffRecord> {
  const offer = await s.offer({ agent: owner, requestType: 'collaboration' });
  return (await s.claim(offer, agent)).handoff;
}

export function describeCollaborations(test: ScenarioTest): void {
  describe('a collaboration', () => {
    test('ends when the participant leaves: it may no longer write', async (s) => {
      await s.createSession();
      const collaboration = await invited(s);
      await s.append({ agent: 'helper' });
      const before = await s.readSession();
      await s.advance(1000);
      const { handoff } = await s.resolve(collaboration, 'returned', 'helper', { reason: 'done' });
      expect(handoff).toMatchObject({ status: 'returned', reason: 'done', acceptedBy: 'helper' });
      const session = await s.readSession();
      expect(session).toMatchObject({
        owner: 'planner',
        participants: [],
        formerParticipants: ['helper'],
        formerOwners: [],
        epoch: 1,
        version: before.version + 1,
        lastSequence: 1,
        lastActivityAtMs: before.lastActivityAtMs,
        ownerWroteAtMs: before.ownerWroteAtMs,
      });
      expect(session.updatedAtMs).toBe(handoff.resolvedAtMs);
      const { message, details } = await expectRefusal(s.append({ agent: 'helper' }), 'NOT_A_PARTICIPANT');
      expect(message).toContain('helper left session work, or was removed from it');
      expect(details).toEqual({ sessionKey: 'work', agent: 'helper', owner: 'planner' });
      await expectRefusal(s.createHandoff({ agent: 'helper', requestType: 'context_transfer' }), 'NOT_A_PARTICIPANT');
    });

    test('ends when the owner removes the participant, also after it was completed', async (s) => {
      await s.createSession();
      const accepted = await invited(s, 'one');
      const completed = await invited(s, 'two');
      await s.resolve(completed, 'completed', 'two');
      await s.append({ agent: 'two' });
      const { version } = await s.readSession();
      await s.advance(1000);
      for (const collaboration of [accepted, completed]) {
        const { handoff } = await s.resolve(collaboration, 'cancelled', 'planner', { reason: 'no longer needed' });
        expect(handoff).toMatchObject({ status: 'cancelled', reason: 'no longer needed' });
      }
      const session = await s.readSession();
      expect(session).toMatchObject({ participants: [], formerParticipants: ['one', 'two'], version: version + 2 });
      expect(session.ownerWroteAtMs).toBeGreaterThan(session.createdAtMs);
      for (const agent of ['one', 'two']) await expectRefusal(s.append({ agent }), 'NOT_A_PARTICIPANT');
    });

    test('is ended by the present owner, and not by the former one', async (s) => {
      await s.createSession();
      const collaboration = await invited(s);
      await s.handOver();
      await expectRefusal(s.resolve(collaboration, 'cancelled', 'planner'), 'FORBIDDEN');
      await expectRefusal(s.resolve(collaboration, 'cancelled', 'implementer', { epoch: 1 }), 'OWNERSHIP_LOST');
      await s.append({ agent: 'helper' });
      await s.resolve(collaboration, 'cancelled', 'implementer', { epoch: 2 });
      await expectRefusal(s.append({ agent: 'helper' }), 'NOT_A_PARTICIPANT');
    });

    test('is ended by no other agent', async (s) => {
      await s.createSession();
      const collaboration = await invited(s);
      await invited(s, 'other');
      for (const agent of ['other', 'outsider']) {
        await expectRefusal(s.resolve(collaboration, 'returned', agent), 'FORBIDDEN');
        await expectRefusal(s.resolve(collaboration, 'cancelled', agent), 'FORBIDDEN');
      }
      await expectRefusal(s.resolve(collaboration, 'cancelled', 'helper'), 'FORBIDDEN');
      await expectRefusal(s.resolve(collaboration, 'returned', 'planner'), 'FORBIDDEN');
      await expectRefusal(s.resolve(collaboration, 'rejected', 'helper'), 'HANDOFF_NOT_PENDING');
      const pending = await s.offer({ requestType: 'collaboration' });
      await expectRefusal(s.resolve(pending, 'returned', 'helper'), 'HANDOFF_NOT_PENDING');
      expect((await s.readSession()).participants).toEqual(['helper', 'other']);
      const shared = await s.offer({ requestType: 'context_transfer' });
      await s.claim(shared, 'reader');
      await expectRefusal(s.resolve(shared, 'returned', 'reader'), 'HANDOFF_NOT_PENDING');
      await expectRefusal(s.resolve(shared, 'cancelled', 'planner'), 'HANDOFF_NOT_PENDING');
    });

    test('ends once, and a retry gets the first answer again', async (s) => {
      await s.createSession();
      const collaboration = await invited(s);
      const first = await s.resolve(collaboration, 'returned', 'helper', { idempotency: once('leave') });
      await expectRefusal(s.resolve(collaboration, 'returned', 'helper'), 'HANDOFF_NOT_PENDING');
      await expectRefusal(s.resolve(collaboration, 'cancelled', 'planner'), 'HANDOFF_NOT_PENDING');
      await invited(s);
      expect(await s.resolve(collaboration, 'returned', 'helper', { idempotency: once('leave') })).toEqual({
        ...first,
        replayed: true,
      });
      expect(await s.readSession()).toMatchObject({ participants: ['helper'], formerParticipants: [] });
      await s.append({ agent: 'helper' });
    });

    test('that is one of two ends both rights to write', async (s) => {
      await s.createSession();
      const [first, second] = [await invited(s), await invited(s)];
      await s.resolve(first, 'returned', 'helper');
      await expectRefusal(s.append({ agent: 'helper' }), 'NOT_A_PARTICIPANT');
      const { version } = await s.readSession();
      await s.resolve(second, 'cancelled', 'planner');
      expect(await s.readSession()).toMatchObject({ participants: [], formerParticipants: ['helper'], version });
    });

    test('takes nothing from a participant that became the owner', async (s) => {
      await s.createSession();
      const collaboration = await invited(s);
      await s.claim(await s.offer(), 'helper');
      await s.resolve(collaboration, 'returned', 'helper');
      expect(await s.readSession()).toMatchObject({ owner: 'helper', participants: [], formerParticipants: [] });
      await s.append({ agent: 'helper' });
    });

    test('that ends tells a former owner that it left, and one that owns the session again nothing', async (s) => {
      await s.createSession();
      await s.handOver();
      const collaboration = await invited(s, 'planner', 'implementer');
      await s.append();
      await s.resolve(collaboration, 'cancelled', 'implementer');
      await expectRefusal(s.append(), 'NOT_A_PARTICIPANT');
      await s.claim(await s.offer({ agent: 'implementer' }), 'planner');
      expect((await s.readSession()).formerParticipants).toEqual([]);
      await s.claim(await s.offer(), 'implementer');
      await expectRefusal(s.append(), 'OWNERSHIP_LOST');
    });

    test('can be left in a session that is closed or has expired', async (s) => {
      await s.createSession({ ttlMs: 1000 });
      const [one, two] = [await invited(s, 'one'), await invited(s, 'two')];
      await s.updateSession({ state: 'completed' });
      await s.resolve(one, 'returned', 'one');
      await s.updateSession({ state: 'active' });
      await s.advance(1000);
      await s.resolve(two, 'cancelled', 'planner');
      expect(await s.readSession()).toMatchObject({ participants: [], formerParticipants: ['one', 'two'] });
    });

    test('is remembered after it ended, up to a limit', async (s) => {
      await s.createSession();
      const last = limits.formerOwners + 1;
      for (let index = 0; index < last; index += 1) {
        await s.resolve(await invited(s, `agent-${index}`), 'returned', `agent-${index}`);
      }
      const names = Array.from({ length: limits.formerOwners }, (_, index) => `agent-${index + 1}`);
      expect((await s.readSession()).formerParticipants).toEqual(names);
      const refused = await expectRefusal(s.append({ agent: 'agent-0' }), 'NOT_A_PARTICIPANT');
      expect(refused.message).toMatch(/^agent-0 may not write/);
    });

    test('lets a former participant ask for the session', async (s) => {
      await s.createSession();
      await s.resolve(await invited(s), 'returned', 'helper');
      expect((await s.askFor('helper', { takeOverBy: 'participants' })).status).toBe('pending');
    });

    test('and a write of the participant at its end exclude each other', async (s) => {
      for (let round = 0; round < 6; round += 1) {
        const sessionKey = `race-${round}`;
        await s.createSession({ sessionKey });
        const offer = await s.offer({ sessionKey, requestType: 'collaboration' });
        await s.claim(offer, 'helper');
        const outcomes = await Promise.allSettled([
          s.resolve(offer, 'cancelled', 'planner'),
          s.append({ sessionKey, agent: 'helper' }),
          s.resolve(offer, 'returned', 'helper'),
        ]);
        expect([outcomes[0], outcomes[2]].filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
        const { lastSequence, participants } = await s.readSession(sessionKey);
        expect(lastSequence).toBe(outcomes[1].status === 'fulfilled' ? 1 : 0);
        expect(participants).toEqual([]);
        await expectRefusal(s.append({ sessionKey, agent: 'helper' }), 'NOT_A_PARTICIPANT');
      }
    });
  });
}
