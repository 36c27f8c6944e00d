import { handoffStatus, offerTypes } from '@org/domain';
import { describe, expect } from 'vitest';
import { dayMs, expectRefusal, type ScenarioTest } from '../store-scenario.js';

export function describeAcceptance(test: ScenarioTest): void {
  describe('handoffs', () => {
    test('of type context_transfer leave the session as it is', async (s) => {
      await s.createSession();
      const { session, handoff } = await s.claim(await s.offer({ requestType: 'context_transfer' }));
      expect(handoff).toMatchObject({ status: 'accepted', acceptedBy: 'implementer' });
      expect(session).toMatchObject({ owner: 'planner', participants: [], epoch: 1, version: 1 });
      await expectRefusal(s.append({ agent: 'implementer' }), 'NOT_A_PARTICIPANT');
      await s.append();
    });

    test('of type collaboration add a writer', async (s) => {
      await s.createSession();
      const { session } = await s.claim(await s.offer({ requestType: 'collaboration' }));
      expect(session).toMatchObject({ owner: 'planner', participants: ['implementer'], epoch: 1, version: 2 });
      await s.append({ agent: 'implementer', epoch: 1 });
      await s.append({ agent: 'planner' });
      await s.claim(await s.offer({ requestType: 'collaboration' }));
      expect((await s.readSession()).participants).toEqual(['implementer']);
    });

    test('of type full_handoff move ownership at a new epoch', async (s) => {
      await s.createSession();
      const { session } = await s.claim(await s.offer());
      expect(session).toMatchObject({ owner: 'implementer', participants: [], epoch: 2, version: 2 });
      expect((await s.append({ agent: 'implementer', epoch: 2 })).epoch).toBe(2);
      await expectRefusal(s.append({ agent: 'planner' }), 'OWNERSHIP_LOST');
      await expectRefusal(s.createHandoff({ agent: 'planner' }), 'OWNERSHIP_LOST');
    });

    test('of type full_handoff make a participant the owner', async (s) => {
      await s.createSession();
      await s.claim(await s.offer({ requestType: 'collaboration' }), 'helper');
      await s.claim(await s.offer({ requestType: 'collaboration' }), 'implementer');
      const { session } = await s.claim(await s.offer(), 'implementer');
      expect(session).toMatchObject({ owner: 'implementer', participants: ['helper'], epoch: 2 });
      await s.append({ agent: 'helper' });
    });

    test('have exactly one acceptor among 16', async (s) => {
      await s.createSession();
      for (const requestType of offerTypes) {
        const agent = (await s.readSession()).owner;
        const offer = await s.offer({ requestType, agent });
        const claims = await Promise.allSettled(
          Array.from({ length: 16 }, (_, index) => s.claim(offer, `${requestType}-${index}`)),
        );
        const won = claims.filter(({ status }) => status === 'fulfilled');
        const codes = claims.flatMap((claim) =>
          claim.status === 'rejected' ? [(claim.reason as { code: string }).code] : [],
        );
        expect(won).toHaveLength(1);
        expect(new Set(codes)).toEqual(new Set(['HANDOFF_CLAIMED']));
      }
    });

    test('return the acceptance again to the winner', async (s) => {
      await s.createSession();
      const offer = await s.offer();
      const first = await s.claim(offer);
      const again = await s.claim(offer);
      expect(first.replayed).toBe(false);
      expect(again.replayed).toBe(true);
      expect(again.session).toMatchObject({ owner: 'implementer', epoch: 2, version: 2 });
      await expectRefusal(s.claim(offer, 'reviewer'), 'HANDOFF_CLAIMED');
    });

    test('do not return it to another process of the winner', async (s) => {
      await s.createSession();
      const { namespace } = s;
      const { handoffId } = await s.offer();
      const claim = (claimant?: string): Promise<unknown> =>
        s.store.claimHandoff({ namespace, handoffId, agent: 'implementer', claimant });
      await claim('one');
      await expectRefusal(claim('two'), 'HANDOFF_CLAIMED');
      await claim('one');
      await claim();
      expect((await s.readSession()).epoch).toBe(2);
    });

    test('forget the process of the acceptor when its lease lapses', async (s) => {
      await s.createSession();
      const { namespace } = s;
      const { handoffId } = await s.offer();
      const claim = (claimant: string): Promise<unknown> =>
        s.store.claimHandoff({ namespace, handoffId, agent: 'implementer', claimant, leaseMs: 1000 });
      await claim('one');
      await s.advance(1000);
      await claim('two');
      await expectRefusal(claim('one'), 'HANDOFF_CLAIMED');
    });

    test('fence an older process of the same agent after a handoff to itself', async (s) => {
      await s.createSession();
      const { session } = await s.claim(await s.offer({ targetAgent: 'planner' }), 'planner');
      expect(session).toMatchObject({ owner: 'planner', epoch: 2 });
      await expectRefusal(s.append({ epoch: 1 }), 'OWNERSHIP_LOST');
      await expectRefusal(s.createHandoff({ epoch: 1 }), 'OWNERSHIP_LOST');
      await s.append({ epoch: 2 });
    });

    test('can be accepted only by the agents that they are addressed to', async (s) => {
      await s.createSession();
      await expectRefusal(s.claim(await s.offer({ targetAgent: 'reviewer' })), 'FORBIDDEN');
      const roleOffer = await s.offer({ targetAgent: 'role:reviewer' });
      await expectRefusal(s.claim(roleOffer, 'planner'), 'FORBIDDEN');
      await s.claim(roleOffer, 'anyone-with-the-role');
    });

    test('are requested by writers only, and those that give rights by the owner only', async (s) => {
      await s.createSession();
      await expectRefusal(s.createHandoff({ agent: 'outsider' }), 'NOT_A_PARTICIPANT');
      await s.claim(await s.offer({ requestType: 'collaboration' }), 'helper');
      await expectRefusal(s.createHandoff({ agent: 'helper' }), 'FORBIDDEN');
      await expectRefusal(s.createHandoff({ agent: 'helper', requestType: 'collaboration' }), 'FORBIDDEN');
      await s.createHandoff({ agent: 'helper', requestType: 'context_transfer' });
    });

    test('expire as time passes, without a write', async (s) => {
      await s.createSession();
      const offer = await s.offer({ expiresInMs: dayMs });
      await s.advance(dayMs);
      await expectRefusal(s.claim(offer), 'HANDOFF_EXPIRED');
      await expectRefusal(s.resolve(offer, 'cancelled', 'planner'), 'HANDOFF_EXPIRED');
      expect((await s.readSession()).owner).toBe('planner');
      const { handoffs } = await s.listHandoffs({ agent: 'planner', direction: 'outbox', status: 'expired' });
      expect(handoffs.map(handoffStatus)).toEqual(['expired']);
    });

    test('keep an offer expired that expired before ownership moved', async (s) => {
      await s.createSession();
      const lapsed = await s.offer({ expiresInMs: 1000 });
      await s.advance(1000);
      await s.handOver();
      await expectRefusal(s.claim(lapsed, 'reviewer'), 'HANDOFF_EXPIRED');
    });

    test('cancel the other full offers of the session when ownership moves, and only those', async (s) => {
      await s.createSession();
      await s.createSession({ sessionKey: 'elsewhere' });
      const won = await s.offer();
      const lost = await s.offer({ targetAgent: 'reviewer' });
      const shared = await s.offer({ requestType: 'collaboration' });
      const elsewhere = await s.offer({ sessionKey: 'elsewhere' });
      await s.claim(won);
      await expectRefusal(s.claim(lost, 'reviewer'), 'HANDOFF_NOT_PENDING');
      await s.claim(shared, 'helper');
      await s.claim(elsewhere, 'reviewer');
      const { handoffs } = await s.listHandoffs({ agent: 'planner', direction: 'outbox', status: 'cancelled' });
      expect(handoffs).toMatchObject([{ handoffId: lost.handoffId, status: 'cancelled' }]);
      expect(handoffs[0]?.resolvedAtMs).toBeTypeOf('number');
    });
  });
}
