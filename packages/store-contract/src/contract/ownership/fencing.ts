import type { ResolveHandoff } from '@org/domain';
import { describe, expect } from 'vitest';
import { expectRefusal, once, type ScenarioTest, type StoreScenario } from '../../store-scenario.js';

const leaseMs = 60_000;

/** An agent with several processes. */
const agent = 'twin';
const [older, newer] = ['older process', 'newer process'];

/**
 * Hands a session from an agent's older process, at epoch 1, to its newer one, which accepts the offer with a lease.
 */
async function heldByNewer(s: StoreScenario): Promise<{ handoffId: string }> {
  await s.createSession({ agent });
  const offer = await s.offer({ agent, targetAgent: agent });
  await s.claim(offer, agent, undefined, leaseMs, newer);
  return offer;
}

export function describeFencing(test: ScenarioTest): void {
  describe('of the processes of an owner', () => {
    const ends: readonly ResolveHandoff['outcome'][] = ['returned', 'completed'];

    for (const outcome of ends) {
      test(`an older one cannot end the handoff as ${outcome}, known by its epoch or as another process`, async (s) => {
        const offer = await heldByNewer(s);
        await expectRefusal(s.resolve(offer, outcome, agent, { epoch: 1 }), 'OWNERSHIP_LOST');
        await expectRefusal(s.resolve(offer, outcome, agent, { epoch: 3 }), 'OWNERSHIP_LOST');
        await expectRefusal(s.resolve(offer, outcome, agent, { claimant: older }), 'OWNERSHIP_LOST');
        await expectRefusal(
          s.resolve(offer, outcome, agent, { claimant: older, epoch: 1, idempotency: once('end') }),
          'OWNERSHIP_LOST',
        );
        expect(await s.readSession()).toMatchObject({ owner: agent, epoch: 2, lease: { durationMs: leaseMs } });
        expect((await s.resolve(offer, outcome, agent, { claimant: newer, epoch: 2 })).handoff.status).toBe(outcome);
      });

      test(`one that ended the handoff as ${outcome} gets its first answer again, with any epoch`, async (s) => {
        const offer = await heldByNewer(s);
        const request = { claimant: newer, epoch: 2, idempotency: once('end') };
        const first = await s.resolve(offer, outcome, agent, request);
        await s.claim(await s.offer({ agent, targetAgent: agent }), agent, undefined, undefined, 'newest process');
        const again = await s.resolve(offer, outcome, agent, { ...request, claimant: older, epoch: 1 });
        expect(again).toEqual({ ...first, replayed: true });
      });
    }

    test('a restarted one ends what a former one accepted, at the epoch of the session that it resumed', async (s) => {
      const offer = await heldByNewer(s);
      const { session } = await s.createSession({ agent, ifExists: 'resume' });
      const request = { claimant: 'started again', epoch: session.epoch };
      expect((await s.resolve(offer, 'returned', agent, request)).handoff.status).toBe('returned');
    });

    test('any may end the handoff if the processes are not known', async (s) => {
      const offer = await heldByNewer(s);
      expect((await s.resolve(offer, 'completed', agent)).handoff.status).toBe('completed');
    });

    for (const outcome of ['cancelled', 'rejected'] as const) {
      test(`an older one cannot make an offer of the newer one ${outcome}`, async (s) => {
        await heldByNewer(s);
        const offer = await s.offer({ agent, targetAgent: agent, epoch: 2 });
        await expectRefusal(s.resolve(offer, outcome, agent, { claimant: older, epoch: 1 }), 'OWNERSHIP_LOST');
        expect((await s.resolve(offer, outcome, agent, { claimant: newer, epoch: 2 })).handoff.status).toBe(outcome);
      });
    }

    test('an older one cannot return a session that another accepted after a lapse', async (s) => {
      await s.createSession();
      const offer = await s.offer();
      await s.claim(offer, agent, undefined, leaseMs, older);
      await s.advance(leaseMs);
      await s.claim(offer, agent, undefined, leaseMs, newer);
      await expectRefusal(s.resolve(offer, 'returned', agent, { claimant: older, epoch: 2 }), 'OWNERSHIP_LOST');
      await expectRefusal(s.resolve(offer, 'returned', agent, { claimant: older }), 'OWNERSHIP_LOST');
      await s.resolve(offer, 'returned', agent, { claimant: newer, epoch: 4 });
      expect(await s.readSession()).toMatchObject({ owner: 'planner', epoch: 5 });
    });

    test('an older one cannot change, offer or append', async (s) => {
      await heldByNewer(s);
      await expectRefusal(s.append({ agent, epoch: 1 }), 'OWNERSHIP_LOST');
      await expectRefusal(s.updateSession({ agent, epoch: 1, title: 'mine' }), 'OWNERSHIP_LOST');
      for (const requestType of ['full_handoff', 'collaboration', 'context_transfer'] as const) {
        await expectRefusal(s.createHandoff({ agent, epoch: 1, requestType }), 'OWNERSHIP_LOST');
      }
      expect(await s.readSession()).toMatchObject({ lastSequence: 0, version: 2 });
    });
  });

  describe('a former owner', () => {
    test('completes and cancels its own handoffs, at any epoch', async (s) => {
      await s.createSession({ agent: 'planner' });
      const shared = await s.offer({ requestType: 'context_transfer' });
      const accepted = await s.offer();
      await s.claim(accepted, 'implementer', undefined, undefined, older);
      await s.claim(await s.offer({ agent: 'implementer' }), 'reviewer');
      expect((await s.resolve(shared, 'cancelled', 'planner', { epoch: 1 })).handoff.status).toBe('cancelled');
      const end = { claimant: newer, epoch: 2 };
      await expectRefusal(s.resolve(accepted, 'returned', 'implementer', end), 'OWNERSHIP_LOST');
      expect((await s.resolve(accepted, 'completed', 'implementer', end)).handoff.status).toBe('completed');
      expect(await s.readSession()).toMatchObject({ owner: 'reviewer', epoch: 3 });
    });
  });
}
