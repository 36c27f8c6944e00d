import { describe, expect } from 'vitest';
import { dayMs, expectRefusal, once, type ScenarioTest, StoreScenario } from './store-scenario.js';

export function describeIsolation(test: ScenarioTest): void {
  describe('fencing', () => {
    test('lets no append of the old owner through after ownership moved, however they race', async (s) => {
      for (let round = 0; round < 6; round += 1) {
        const sessionKey = `race-${round}`;
        await s.createSession({ sessionKey });
        const offer = await s.offer({ sessionKey });
        const appends = (agent: string): Promise<unknown>[] =>
          Array.from({ length: 12 }, () => s.append({ sessionKey, agent }).catch(() => undefined));
        await Promise.all([...appends('planner'), s.claim(offer), ...appends('planner'), ...appends('implementer')]);
        await s.append({ sessionKey, agent: 'implementer' });
        const { entries } = await s.readEntries({ sessionKey });
        const ownershipMoved = entries.findIndex(({ epoch }) => epoch === 2);
        expect(entries.slice(ownershipMoved).every(({ agent, epoch }) => agent === 'implementer' && epoch === 2)).toBe(
          true,
        );
        expect(entries.slice(0, ownershipMoved).every(({ agent, epoch }) => agent === 'planner' && epoch === 1)).toBe(
          true,
        );
        expect(entries.map(({ sequence }) => sequence)).toEqual(entries.map((_, index) => index + 1));
      }
    });
  });

  describe('namespaces', () => {
    test('share nothing', async (s) => {
      const other = new StoreScenario(s);
      await s.createSession({ idempotency: once('k') });
      await s.append({ content: 'ours' });
      const offer = await s.offer();
      await expectRefusal(other.readSession(), 'SESSION_NOT_FOUND');
      await expectRefusal(other.append(), 'SESSION_NOT_FOUND');
      await expectRefusal(other.readEntries(), 'SESSION_NOT_FOUND');
      await expectRefusal(other.readTail(), 'SESSION_NOT_FOUND');
      await expectRefusal(other.claim(offer), 'HANDOFF_NOT_FOUND');
      await expectRefusal(other.resolve(offer, 'cancelled', 'planner'), 'HANDOFF_NOT_FOUND');
      expect(await other.listedIds()).toEqual([]);
      expect(await other.listedIds({ agent: 'planner', direction: 'outbox' })).toEqual([]);
      expect(await other.store.listSessionKeys({ namespace: other.namespace, prefix: '', limit: 9 })).toEqual([]);
      const page = await other.store.listSessions({ namespace: other.namespace, limit: 9, dormantAfterMs: dayMs });
      expect(page.sessions).toEqual([]);
      expect(await other.createSession({ idempotency: once('k', 'other input') })).toMatchObject({
        created: true,
        replayed: false,
      });
      expect((await other.readEntries()).entries).toEqual([]);
    });
  });
}
