import { describe, expect } from 'vitest';
import { expectRefusal, once, type ScenarioTest } from '../store-scenario.js';

const hourMs = 3_600_000;
const leaseMs = 60_000;

/** Clocks are corrected, forward and back, while agents work. */
export function describeClock(test: ScenarioTest): void {
  describe('a clock that is set back', () => {
    test("does not move a session's last activity back", async (s) => {
      await s.createSession({ ttlMs: hourMs });
      await s.append();
      const before = await s.readSession();
      await s.advance(-2 * hourMs);
      await s.append();
      await s.updateSession({ title: 'new' });
      const offer = await s.offer();
      await s.resolve(offer, 'cancelled', 'planner');
      await s.claim(await s.offer({ requestType: 'collaboration' }), 'helper');
      await s.handOver();
      await s.claim(await s.offer({ agent: 'implementer' }), 'reviewer');
      const session = await s.readSession();
      expect(session.lastActivityAtMs).toBe(before.lastActivityAtMs);
      expect(session.updatedAtMs).toBe(before.updatedAtMs);
      await s.advance(2 * hourMs);
      await s.append({ agent: 'reviewer' });
    });

    const writes = {
      'an append': (s) => s.append({ agent: 'implementer' }),
      'an append among others': (s) => s.appendMany(3, { agent: 'implementer' }),
      'an update': (s) => s.updateSession({ agent: 'implementer', title: 'new' }),
      'an offer': (s) => s.offer({ agent: 'implementer', requestType: 'context_transfer' }),
    } satisfies Record<string, (s: Parameters<Parameters<ScenarioTest>[1]>[0]) => Promise<unknown>>;
    for (const [name, write] of Object.entries(writes)) {
      test(`does not delay the lapse of a lease that ${name} renews`, async (s) => {
        await s.createSession();
        await s.advance(49 * hourMs);
        const offer = await s.offer({ expiresInMs: 100 * hourMs });
        await s.claim(offer, 'implementer', undefined, leaseMs);
        await s.advance(-49 * hourMs);
        await write(s);
        const { lease, observedAtMs } = await s.readSession();
        expect(lease?.expiresAtMs).toBeLessThanOrEqual(observedAtMs + leaseMs);
        await s.advance(leaseMs);
        expect(await s.listedIds({ agent: 'reviewer' })).toContain(offer.handoffId);
        expect((await s.readSession()).owner).toBe('planner');
      });
    }
  });

  describe('a clock that is briefly ahead', () => {
    test('removes no idempotency key', async (s) => {
      const first = await s.createSession({ idempotency: once('k') });
      await s.advance(49 * hourMs);
      for (let call = 0; call < 8; call += 1) await s.updateSession({ idempotency: once(`ahead-${call}`) });
      await s.advance(-49 * hourMs);
      for (let call = 0; call < 8; call += 1) await s.updateSession({ idempotency: once(`after-${call}`) });
      expect(await s.createSession({ idempotency: once('k') })).toEqual({ ...first, replayed: true });
    });

    test('ends no offer', async (s) => {
      await s.createSession();
      const offer = await s.offer({ expiresInMs: hourMs });
      await s.advance(49 * hourMs);
      for (let list = 0; list < 3; list += 1) expect(await s.listedIds()).toEqual([]);
      await s.offer({ targetAgent: 'reviewer', requestType: 'context_transfer' });
      for (let list = 0; list < 3; list += 1) expect(await s.listedIds()).toEqual([]);
      await expectRefusal(s.claim(offer), 'HANDOFF_EXPIRED');
      await s.advance(-49 * hourMs);
      expect(await s.listedIds()).toEqual([offer.handoffId]);
      await s.claim(offer);
    });
  });
}
