import type { SessionRecord } from '@org/domain';
import { describe, expect } from 'vitest';
import { expectRefusal, once, type ScenarioTest, type StoreScenario } from '../../store-scenario.js';

const leaseMs = 60_000;

export function describeLeases(test: ScenarioTest): void {
  describe('leases', () => {
    test('are on the session and on the handoff for as long as they last', async (s) => {
      await s.createSession();
      const offer = await s.offer();
      const { session, handoff } = await s.claim(offer, 'implementer', undefined, leaseMs);
      expect(session.lease).toMatchObject({ handoffId: offer.handoffId, returnsTo: 'planner', durationMs: leaseMs });
      expect(handoff.leaseExpiresAtMs).toBe(session.lease?.expiresAtMs);
      expect(handoff.grantedEpoch).toBe(2);
      expect((await outboxOffer(s)).leaseExpiresAtMs).toBe(session.lease?.expiresAtMs);
      const { handoff: completed } = await s.resolve(offer, 'completed', 'implementer');
      expect(completed.leaseExpiresAtMs).toBeUndefined();
      expect((await s.readSession()).lease).toBeUndefined();
      expect((await outboxOffer(s)).leaseExpiresAtMs).toBeUndefined();
      await s.advance(leaseMs);
      expect(await s.readSession()).toMatchObject({ owner: 'implementer', epoch: 2 });
    });

    test('exist for full_handoff only', async (s) => {
      await s.createSession();
      for (const requestType of ['collaboration', 'context_transfer'] as const) {
        const offer = await s.offer({ requestType });
        await expectRefusal(s.claim(offer, 'implementer', undefined, leaseMs), 'VALIDATION_ERROR');
        await s.claim(offer, 'implementer');
      }
      expect(await s.readSession()).toMatchObject({ owner: 'planner', epoch: 1 });
    });

    test('are renewed by every write of the owner, and by no other agent', async (s) => {
      await s.createSession();
      await s.claim(await s.offer({ requestType: 'collaboration' }), 'helper');
      const offer = await s.offer();
      await s.claim(offer, 'implementer', undefined, leaseMs);
      const writes: (() => Promise<unknown>)[] = [
        () => s.append({ agent: 'implementer' }),
        () => s.appendMany(3, { agent: 'implementer' }),
        () => s.updateSession({ agent: 'implementer', title: 'new' }),
        () => s.offer({ agent: 'implementer', requestType: 'context_transfer' }),
        () => s.claim(offer, 'implementer'),
        () => s.claim(offer, 'implementer', once('again')),
      ];
      for (const write of writes) {
        await s.advance(leaseMs - 1000);
        await write();
        const { lease, observedAtMs } = await s.readSession();
        expect(lease?.expiresAtMs).toBeGreaterThan(observedAtMs + leaseMs - 1000);
      }
      await s.advance(leaseMs - 1000);
      await s.append({ agent: 'helper' });
      await s.offer({ agent: 'helper', requestType: 'context_transfer' });
      expect((await s.readSession()).owner).toBe('implementer');
      await s.advance(1000);
      expect((await s.readSession()).owner).toBe('planner');
    });

    for (const [name, look] of Object.entries(looks)) {
      test(`lapse as time passes, as ${name} shows`, async (s) => {
        await s.createSession();
        await s.appendMany(2);
        const offer = await s.offer({ targetAgent: 'role:builder' });
        await s.claim(offer, 'implementer', undefined, leaseMs);
        await s.advance(leaseMs);
        await look(s, offer.handoffId);
        expect(await s.readSession()).toMatchObject({ owner: 'planner', epoch: 3, version: 3 });
        expect((await s.readSession()).lease).toBeUndefined();
        const pending = await outboxOffer(s);
        expect(pending).toMatchObject({ handoffId: offer.handoffId, status: 'pending', requestingAgent: 'planner' });
        expect([pending.acceptedBy, pending.grantedEpoch, pending.leaseExpiresAtMs]).toEqual(
          Array.from({ length: 3 }, () => undefined),
        );
      });
    }

    test('that lapsed fence the claimer out, until it claims again', async (s) => {
      await s.createSession();
      const offer = await s.offer();
      await s.claim(offer, 'implementer', undefined, leaseMs);
      await s.append({ agent: 'implementer', epoch: 2 });
      await s.advance(leaseMs);
      await expectRefusal(s.append({ agent: 'implementer' }), 'OWNERSHIP_LOST');
      await expectRefusal(s.append({ agent: 'implementer', epoch: 2 }), 'OWNERSHIP_LOST');
      await expectRefusal(s.updateSession({ agent: 'implementer', title: 'mine' }), 'OWNERSHIP_LOST');
      await expectRefusal(s.createHandoff({ agent: 'implementer' }), 'OWNERSHIP_LOST');
      await expectRefusal(s.resolve(offer, 'completed', 'implementer'), 'HANDOFF_NOT_PENDING');
      await expectRefusal(s.resolve(offer, 'returned', 'implementer'), 'HANDOFF_NOT_PENDING');
      await s.append({ agent: 'planner', epoch: 3 });
      const { session } = await s.claim(offer, 'implementer', undefined, leaseMs);
      expect(session).toMatchObject({ owner: 'implementer', epoch: 4 });
      await expectRefusal(s.append({ agent: 'implementer', epoch: 2 }), 'OWNERSHIP_LOST');
      await s.append({ agent: 'implementer', epoch: 4 });
    });

    test('that lapsed let another agent claim', async (s) => {
      await s.createSession();
      const offer = await s.offer({ targetAgent: 'role:builder' });
      await s.claim(offer, 'implementer', undefined, leaseMs);
      await expectRefusal(s.claim(offer, 'another'), 'HANDOFF_CLAIMED');
      await s.advance(leaseMs);
      const { session } = await s.claim(offer, 'another');
      expect(session).toMatchObject({ owner: 'another', epoch: 4 });
      await expectRefusal(s.claim(offer, 'implementer'), 'HANDOFF_CLAIMED');
    });

    test('that lapsed several times fence out each of their holders', async (s) => {
      await s.createSession();
      const offer = await s.offer({ targetAgent: 'role:builder' });
      for (const agent of ['first', 'second', 'third']) {
        await s.claim(offer, agent, undefined, leaseMs);
        await s.advance(leaseMs);
      }
      for (const agent of ['first', 'second', 'third']) await expectRefusal(s.append({ agent }), 'OWNERSHIP_LOST');
      await expectRefusal(s.append({ agent: 'outsider' }), 'NOT_A_PARTICIPANT');
      await s.append({ agent: 'planner' });
    });

    test('that are renewed for a shorter time lapse after it', async (s) => {
      await s.createSession();
      const offer = await s.offer();
      await s.claim(offer, 'implementer', undefined, 100 * leaseMs);
      await s.claim(offer, 'implementer', undefined, leaseMs);
      await s.advance(leaseMs);
      expect(await s.listedIds({ agent: 'reviewer' })).toEqual([offer.handoffId]);
      const inbox = { namespace: s.namespace, agent: 'reviewer', roles: [], after: 0 };
      expect(await s.store.peekInboxes([inbox])).toEqual([true]);
    });

    test('that lapsed after the deadline of the offer give it its full duration again', async (s) => {
      await s.createSession();
      const offer = await s.offer({ expiresInMs: 5000 });
      await s.claim(offer, 'implementer', undefined, leaseMs);
      await s.advance(leaseMs);
      expect(await s.listedIds({ agent: 'reviewer' })).toEqual([offer.handoffId]);
      await s.advance(5000);
      await expectRefusal(s.claim(offer, 'reviewer'), 'HANDOFF_EXPIRED');
    });

    test('that lapsed before the deadline of the offer do not change the deadline', async (s) => {
      await s.createSession();
      const offer = await s.offer({ expiresInMs: 2 * leaseMs });
      await s.claim(offer, 'implementer', undefined, leaseMs);
      await s.advance(leaseMs);
      expect((await outboxOffer(s)).expiresAtMs).toBe(offer.expiresAtMs);
    });

    test('that lapsed pin the offer to the newest entry', async (s) => {
      await s.createSession();
      const offer = await s.offer();
      await s.claim(offer, 'implementer', undefined, leaseMs);
      await s.append({ agent: 'implementer', pinned: true });
      await s.advance(leaseMs);
      expect((await s.claim(offer, 'reviewer')).handoff.uptoSequence).toBe(1);
    });

    test('that lapsed cancel the offers that the claimer made meanwhile', async (s) => {
      await s.createSession();
      await s.claim(await s.offer({ targetAgent: 'implementer' }), 'implementer', undefined, leaseMs);
      const passedOn = await s.offer({ agent: 'implementer' });
      await s.advance(leaseMs);
      const { namespace } = s;
      expect(await s.store.peekInboxes([{ namespace, agent: 'reviewer', roles: [], after: 0 }])).toEqual([false]);
      expect(await s.store.countNamespace({ namespace, limit: 9 })).toMatchObject({ pendingHandoffs: 1 });
      expect(await s.listedIds({ agent: 'reviewer' })).toEqual([]);
      const { handoffs } = await s.listHandoffs({ agent: 'implementer', direction: 'outbox', status: undefined });
      expect(handoffs).toMatchObject([
        { handoffId: passedOn.handoffId, status: 'cancelled', reason: 'ownership moved' },
      ]);
      await expectRefusal(s.claim(passedOn, 'reviewer'), 'HANDOFF_NOT_PENDING');
    });

    test('end when the session is handed on, and do not return it', async (s) => {
      await s.createSession();
      const first = await s.offer();
      await s.claim(first, 'implementer', undefined, leaseMs);
      await s.claim(await s.offer({ agent: 'implementer' }), 'reviewer');
      await s.advance(leaseMs);
      expect(await s.readSession()).toMatchObject({ owner: 'reviewer', epoch: 3 });
      await expectRefusal(s.claim(first, 'planner'), 'HANDOFF_CLAIMED');
    });

    test('that lapsed return a session that was handed on to the agent that handed it on', async (s) => {
      await s.createSession();
      await s.claim(await s.offer());
      await s.claim(await s.offer({ agent: 'implementer' }), 'reviewer', undefined, leaseMs);
      await s.advance(leaseMs);
      expect(await s.readSession()).toMatchObject({ owner: 'implementer', epoch: 4 });
    });

    test('do not lapse while the session is closed', async (s) => {
      await s.createSession();
      await s.claim(await s.offer(), 'implementer', undefined, leaseMs);
      await s.updateSession({ agent: 'implementer', state: 'completed' });
      await s.advance(leaseMs);
      expect(await s.readSession()).toMatchObject({ owner: 'implementer', state: 'completed' });
      const { session } = await s.updateSession({ agent: 'implementer', state: 'active' });
      expect(session.lease?.expiresAtMs).toBeGreaterThan(session.observedAtMs + leaseMs - 1000);
    });

    test('do not lapse twice', async (s) => {
      await s.createSession();
      const offer = await s.offer();
      await s.claim(offer, 'implementer', undefined, leaseMs);
      await s.advance(leaseMs);
      const looked: SessionRecord[] = await Promise.all(Array.from({ length: 8 }, () => s.readSession()));
      expect(new Set(looked.map(({ epoch }) => epoch))).toEqual(new Set([3]));
      await s.advance(leaseMs);
      expect(await s.readSession()).toMatchObject({ owner: 'planner', epoch: 3 });
    });

    test('do not count as activity when they lapse', async (s) => {
      await s.createSession({ ttlMs: 2 * leaseMs });
      await s.claim(await s.offer(), 'implementer', undefined, leaseMs);
      const { lastActivityAtMs } = await s.readSession();
      await s.advance(leaseMs);
      expect((await s.readSession()).lastActivityAtMs).toBe(lastActivityAtMs);
    });
  });

  describe('a returned handoff', () => {
    test('returns the session only if ownership has not moved since its acceptance', async (s) => {
      await s.createSession();
      const first = await s.offer();
      await s.claim(first);
      await s.claim(await s.offer({ agent: 'implementer' }), 'reviewer');
      const back = await s.offer({ agent: 'reviewer' });
      await s.claim(back, 'implementer');
      await expectRefusal(s.resolve(first, 'returned', 'implementer'), 'OWNERSHIP_LOST');
      await s.resolve(back, 'returned', 'implementer');
      expect(await s.readSession()).toMatchObject({ owner: 'reviewer', epoch: 5 });
    });

    test('ends its lease', async (s) => {
      await s.createSession();
      const offer = await s.offer();
      await s.claim(offer, 'implementer', undefined, leaseMs);
      const { handoff } = await s.resolve(offer, 'returned', 'implementer', { reason: 'no time' });
      expect(handoff).toMatchObject({ status: 'returned', reason: 'no time' });
      await s.advance(leaseMs);
      expect(await s.readSession()).toMatchObject({ owner: 'planner', epoch: 3 });
      expect(await s.listedIds()).toEqual([]);
    });
  });
}

/** Every operation that can meet a lapsed lease. */
const looks: Readonly<Record<string, (s: StoreScenario, handoffId: string) => Promise<unknown>>> = {
  readSession: (s) => s.readSession(),
  listSessions: async (s) => {
    const { sessions } = await s.store.listSessions({ namespace: s.namespace, dormantAfterMs: 1, limit: 5 });
    expect(sessions).toMatchObject([{ owner: 'planner', epoch: 3 }]);
  },
  'listSessions of an owner': async (s) => {
    const list = { namespace: s.namespace, dormantAfterMs: 1, limit: 5 };
    const of = async (owner: string) => (await s.store.listSessions({ ...list, owner })).sessions;
    expect(await of('implementer')).toEqual([]);
    expect(await of('planner')).toMatchObject([{ owner: 'planner', epoch: 3 }]);
  },
  'a resume': async (s) => {
    const { session } = await s.createSession({ ifExists: 'resume' });
    expect(session).toMatchObject({ owner: 'planner', epoch: 3 });
  },
  readEntries: async (s) => expect((await s.readEntries()).session).toMatchObject({ owner: 'planner', epoch: 3 }),
  readLogEnd: async (s) => expect((await s.readLogEnd()).session).toMatchObject({ owner: 'planner', epoch: 3 }),
  readTail: async (s) => expect((await s.readTail()).session).toMatchObject({ owner: 'planner', epoch: 3 }),
  readBriefing: async (s) => {
    const { session } = await s.readBriefing();
    expect(session).toMatchObject({ owner: 'planner', epoch: 3 });
  },
  "the requester's append": async (s) => expect(await s.append()).toMatchObject({ sequence: 3, epoch: 3 }),
  "the claimer's append": (s) => expectRefusal(s.append({ agent: 'implementer' }), 'OWNERSHIP_LOST'),
  'an append among others': async (s) => {
    const appends = ['implementer', 'planner', 'implementer', 'planner'].map((agent) => s.append({ agent }));
    const outcomes = await Promise.allSettled(appends);
    expect(outcomes.map(({ status }) => status)).toEqual(['rejected', 'fulfilled', 'rejected', 'fulfilled']);
  },
  updateSession: (s) => expectRefusal(s.updateSession({ agent: 'implementer', title: 'x' }), 'OWNERSHIP_LOST'),
  readHandoff: async (s, handoffId) => {
    const handoff = await s.store.readHandoff({ namespace: s.namespace, handoffId });
    expect(handoff).toMatchObject({ status: 'pending', uptoSequence: 2 });
  },
  'an inbox': async (s) => {
    expect(await s.listedIds({ agent: 'another', roles: ['builder'] })).toHaveLength(1);
  },
  'an outbox': async (s) => {
    const { handoffs } = await s.listHandoffs({ agent: 'planner', direction: 'outbox', status: undefined });
    expect(handoffs).toMatchObject([{ status: 'pending' }]);
  },
  'a peek': async (s) => {
    const inbox = { namespace: s.namespace, agent: 'another', roles: ['builder'], after: 0 };
    expect(await s.store.peekInboxes([inbox])).toEqual([true]);
  },
  'a count': async (s) => {
    const counts = await s.store.countNamespace({ namespace: s.namespace, limit: 10 });
    expect(counts).toEqual({ sessions: 1, pendingHandoffs: 1 });
  },
  'a resolution': (s, handoffId) =>
    expectRefusal(s.resolve({ handoffId }, 'completed', 'implementer'), 'HANDOFF_NOT_PENDING'),
};

async function outboxOffer(s: StoreScenario) {
  const { handoffs } = await s.listHandoffs({ agent: 'planner', direction: 'outbox', status: undefined });
  const offer = handoffs.findLast(({ requestType }) => requestType === 'full_handoff');
  if (offer === undefined) return expect.fail('the outbox is empty');
  return offer;
}
