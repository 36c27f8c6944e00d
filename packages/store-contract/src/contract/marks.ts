import { describe, expect } from 'vitest';
import { expectRefusal, type ScenarioTest } from '../store-scenario.js';

export function describeMarks(test: ScenarioTest): void {
  describe('read marks', () => {
    test('start before the first entry, and are moved only by their agent', async (s) => {
      await s.createSession();
      await s.appendMany(5);
      expect(await s.mark('reviewer')).toBe(0);
      expect(await s.mark('reviewer', 3)).toBe(3);
      expect(await s.mark('reviewer')).toBe(3);
      expect(await s.mark('planner')).toBe(0);
    });

    test('can be moved back, even before the first entry, so that an agent reads again', async (s) => {
      await s.createSession();
      await s.appendMany(5);
      for (const sequence of [4, 2, 5, 0, 0, 3]) {
        expect(await s.mark('reviewer', sequence)).toBe(sequence);
        expect(await s.mark('reviewer')).toBe(sequence);
      }
      const moved = await Promise.all([5, 0, 3, 2].map((sequence) => s.mark('reviewer', sequence)));
      expect(moved).toEqual([5, 0, 3, 2]);
      expect(moved).toContain(await s.mark('reviewer'));
    });

    test('never move past the log', async (s) => {
      await s.createSession();
      await expectRefusal(s.mark('reviewer', 1), 'VALIDATION_ERROR');
      await s.appendMany(2);
      await expectRefusal(s.mark('reviewer', 3), 'VALIDATION_ERROR');
      expect(await s.mark('reviewer')).toBe(0);
    });

    test('come with the newest sequence of the log', async (s) => {
      await s.createSession();
      await s.appendMany(2);
      const ref = { namespace: s.namespace, sessionKey: s.sessionKey, agent: 'reviewer' };
      expect(await s.store.markRead(ref)).toEqual({ sequence: 0, lastSequence: 2 });
      expect(await s.store.markRead({ ...ref, sequence: 2 })).toEqual({ sequence: 2, lastSequence: 2 });
      await expectRefusal(s.store.markRead({ ...ref, sessionKey: 'missing' }), 'SESSION_NOT_FOUND');
    });

    test('belong to the session, not to its key', async (s) => {
      await s.createSession();
      await s.appendMany(3);
      await s.mark('reviewer', 3);
      await s.store.deleteSession({ namespace: s.namespace, sessionKey: s.sessionKey });
      await expectRefusal(s.mark('reviewer'), 'SESSION_NOT_FOUND');
      await s.createSession();
      expect(await s.mark('reviewer')).toBe(0);
      await expectRefusal(s.mark('reviewer', 1), 'VALIDATION_ERROR');
      await s.appendMany(2);
      expect(await s.mark('reviewer', 1)).toBe(1);
    });

    test('are not activity, and renew no lease', async (s) => {
      await s.createSession();
      await s.appendMany(1);
      await s.claim(await s.offer(), 'implementer', undefined, 60_000);
      const before = await s.readSession();
      await s.advance(1000);
      await s.mark('implementer', 1);
      const { lease, lastActivityAtMs, version } = await s.readSession();
      expect({ lease, lastActivityAtMs, version }).toEqual({
        lease: before.lease,
        lastActivityAtMs: before.lastActivityAtMs,
        version: before.version,
      });
    });

    test('exist for any agent and any session, even a closed one', async (s) => {
      await s.createSession();
      await s.appendMany(1);
      await s.updateSession({ state: 'completed' });
      expect(await s.mark('outsider', 1)).toBe(1);
      expect((await s.readSession()).version).toBe(2);
    });
  });
}
