import type { SessionRef } from '@org/domain';
import { describe, expect } from 'vitest';
import { dayMs, expectRefusal, once, type ScenarioTest, StoreScenario } from '../store-scenario.js';

export function describeIsolation(test: ScenarioTest): void {
  describe('fencing', () => {
    test('refuses every append of the old owner after ownership moved, even in a race', async (s) => {
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
      await s.mark('planner', 1);
      const offer = await s.offer();
      await s.note('planner');
      const before = await contentsOf(s);
      await expectRefusal(other.readSession(), 'SESSION_NOT_FOUND');
      await expectRefusal(other.append(), 'SESSION_NOT_FOUND');
      await expectRefusal(other.updateSession({ title: 'theirs' }), 'SESSION_NOT_FOUND');
      await expectRefusal(other.readEntries(), 'SESSION_NOT_FOUND');
      await expectRefusal(other.readTail(), 'SESSION_NOT_FOUND');
      await expectRefusal(other.readLogEnd(), 'SESSION_NOT_FOUND');
      await expectRefusal(other.readBriefing(), 'SESSION_NOT_FOUND');
      await expectRefusal(other.mark('planner'), 'SESSION_NOT_FOUND');
      await expectRefusal(other.mark('planner', 1), 'SESSION_NOT_FOUND');
      await expectRefusal(other.store.deleteSession(refOf(other)), 'SESSION_NOT_FOUND');
      await expectRefusal(other.store.takeOverSession({ ...refOf(other), agent: 'rescuer' }), 'SESSION_NOT_FOUND');
      await expectRefusal(other.createHandoff(), 'SESSION_NOT_FOUND');
      await expectRefusal(other.claim(offer), 'HANDOFF_NOT_FOUND');
      await expectRefusal(other.resolve(offer, 'cancelled', 'planner'), 'HANDOFF_NOT_FOUND');
      expect(await contentsOf(other)).toEqual({
        counts: { sessions: 0, pendingHandoffs: 0 },
        keys: [],
        sessions: [],
        inbox: [],
        outbox: [],
        isAwaited: false,
        agents: [],
      });
      expect(await contentsOf(s)).toEqual(before);
    });

    test('may use one key for different sessions', async (s) => {
      const other = new StoreScenario(s);
      await s.createSession({ idempotency: once('k') });
      await s.appendMany(2, { pinned: true });
      await s.mark('planner', 2);
      await s.offer();
      const before = await contentsOf(s);
      expect(await other.createSession({ idempotency: once('k', 'other input') })).toMatchObject({
        created: true,
        replayed: false,
      });
      expect((await other.readEntries()).entries).toEqual([]);
      expect(await other.readBriefing()).toMatchObject({ pinned: [], newest: [] });
      expect(await other.mark('planner')).toBe(0);
      await other.updateSession({ title: 'theirs' });
      expect(await other.append({ content: 'theirs' })).toMatchObject({ sequence: 1 });
      expect(await other.mark('planner', 1)).toBe(1);
      const theirs = await other.offer();
      expect(await contentsOf(other)).toMatchObject({
        counts: { sessions: 1, pendingHandoffs: 1 },
        inbox: [theirs.handoffId],
        outbox: [theirs.handoffId],
      });
      await other.store.deleteSession(refOf(other));
      expect(await contentsOf(s)).toEqual(before);
      expect(await s.mark('planner')).toBe(2);
      expect((await s.readBriefing()).pinnedCount).toBe(2);
    });
  });
}

const refOf = ({ namespace, sessionKey }: StoreScenario): SessionRef => ({ namespace, sessionKey });

/** Returns the lists and counts of a namespace. */
async function contentsOf(s: StoreScenario): Promise<object> {
  const { store, namespace } = s;
  const { sessions } = await store.listSessions({ namespace, limit: 9, dormantAfterMs: dayMs });
  const [isAwaited] = await store.peekInboxes([{ namespace, agent: 'implementer', roles: [], after: 0 }]);
  return {
    counts: await store.countNamespace({ namespace, limit: 9 }),
    keys: await store.listSessionKeys({ namespace, prefix: '', limit: 9 }),
    sessions: sessions.map((session) => ({ ...session, observedAtMs: undefined })),
    inbox: await s.listedIds(),
    outbox: await s.listedIds({ agent: 'planner', direction: 'outbox' }),
    isAwaited,
    agents: await s.agents(),
  };
}
