import type { HandoffRecord } from '@org/domain';
import { describe, expect, vi } from 'vitest';
import { storing, type ScenarioTest } from '../../store-scenario.js';

const leaseMs = 60_000;

/** How lists show offers that are pending again after a lapse, before and after it is stored. */
export function describeLapses(test: ScenarioTest): void {
  describe('leases in lists', () => {
    test('that lapsed make the offer the newest in lists', async (s) => {
      await s.createSession();
      await s.createSession({ sessionKey: 'elsewhere' });
      const offer = await s.offer();
      const other = await s.offer({ sessionKey: 'elsewhere' });
      const seen = await s.listHandoffs({ agent: 'reviewer' });
      expect(seen.handoffs).toHaveLength(2);
      await s.claim(offer, 'implementer', undefined, leaseMs);
      expect(await s.listedIds({ agent: 'reviewer' })).toEqual([other.handoffId]);
      await s.advance(leaseMs);
      expect(await s.listedIds({ agent: 'reviewer', after: seen.next })).toEqual([offer.handoffId]);
      expect(await s.listedIds({ agent: 'reviewer' })).toEqual([other.handoffId, offer.handoffId]);
    });

    test('that lapsed repeat the offer on later pages until the lapse is stored', async (s) => {
      await s.createSession();
      const offer = await s.offer();
      await s.claim(offer, 'implementer', undefined, leaseMs);
      const { next } = await s.listHandoffs({ agent: 'reviewer' });
      await s.advance(leaseMs);
      let page = await s.listHandoffs({ agent: 'reviewer', after: next });
      expect(page).toMatchObject({ handoffs: [{ handoffId: offer.handoffId }], more: false });
      await vi.waitFor(async () => {
        page = await s.listHandoffs({ agent: 'reviewer', after: page.next });
        expect(page.handoffs).toEqual([]);
      }, storing);
      expect(await s.listedIds({ agent: 'reviewer' })).toEqual([offer.handoffId]);
    });

    test('that lapsed fill the page of a list, which says whether more of them follow', async (s) => {
      const offers: HandoffRecord[] = [];
      for (const sessionKey of ['one', 'two', 'three']) {
        await s.createSession({ sessionKey });
        const offer = await s.offer({ sessionKey });
        await s.claim(offer, 'implementer', undefined, leaseMs + offers.length);
        offers.push(offer);
      }
      await s.createSession();
      const live = await s.offer();
      await s.advance(leaseMs + 2);
      const inbox = { agent: 'reviewer', limit: 3 };
      const { handoffs, more } = await s.listHandoffs(inbox);
      const ids = (records: readonly HandoffRecord[]) => records.map(({ handoffId }) => handoffId);
      expect(ids(handoffs)).toEqual(ids([live, ...offers.slice(0, 2)]));
      expect(more).toBe(true);
      await vi.waitFor(async () => {
        const pages = [await s.listHandoffs(inbox)];
        pages.push(await s.listHandoffs({ ...inbox, after: pages[0]?.next }));
        const [first, ...lapsed] = ids(pages.flatMap((page) => page.handoffs));
        expect(first).toBe(live.handoffId);
        // Two processes may store lapses at once, in any order.
        expect(lapsed.toSorted()).toEqual(ids(offers).toSorted());
      }, storing);
    });
  });
}
