import { describe, expect } from 'vitest';
import { expectRefusal, once, type ScenarioTest } from '../store-scenario.js';

export function describeDeletion(test: ScenarioTest): void {
  describe('a deleted session', () => {
    test('is gone with all of its data, and its key is free', async (s) => {
      const { session: first } = await s.createSession({ idempotency: once('create') });
      await s.appendMany(3, { pinned: true });
      await s.append({ idempotency: once('append') });
      await s.mark('reviewer', 2);
      const accepted = await s.offer({ requestType: 'context_transfer' });
      await s.claim(accepted, 'reviewer', once('claim'));
      const offer = await s.offer({ targetAgent: 'implementer' });
      const ref = { namespace: s.namespace, sessionKey: s.sessionKey };
      await s.store.deleteSession(ref);

      await expectRefusal(s.readSession(), 'SESSION_NOT_FOUND');
      await expectRefusal(s.append(), 'SESSION_NOT_FOUND');
      await expectRefusal(s.readEntries(), 'SESSION_NOT_FOUND');
      await expectRefusal(s.readTail(), 'SESSION_NOT_FOUND');
      await expectRefusal(s.readLogEnd(), 'SESSION_NOT_FOUND');
      await expectRefusal(s.claim(offer), 'HANDOFF_NOT_FOUND');
      await expectRefusal(s.claim(accepted, 'reviewer', once('claim')), 'HANDOFF_NOT_FOUND');
      await expectRefusal(s.store.deleteSession(ref), 'SESSION_NOT_FOUND');
      expect(await s.listedIds()).toEqual([]);
      expect(await s.store.countNamespace({ namespace: s.namespace, limit: 10 })).toEqual({
        sessions: 0,
        pendingHandoffs: 0,
      });

      const { session, created, replayed } = await s.createSession({ idempotency: once('create') });
      expect({ created, replayed, lastSequence: session.lastSequence }).toEqual({
        created: true,
        replayed: false,
        lastSequence: 0,
      });
      expect(session.uid).not.toBe(first.uid);
      expect(await s.append({ idempotency: once('append') })).toMatchObject({ sequence: 1, replayed: false });
      expect(await s.mark('reviewer')).toBe(0);
      expect((await s.readBriefing()).pinnedCount).toBe(0);
      expect(await s.listedIds({ agent: 'planner', direction: 'outbox', status: undefined })).toEqual([]);
    });

    test('leaves no lease behind', async (s) => {
      await s.createSession();
      const offer = await s.offer();
      await s.claim(offer, 'implementer', undefined, 60_000);
      await s.store.deleteSession({ namespace: s.namespace, sessionKey: s.sessionKey });
      await s.createSession({ agent: 'another' });
      await s.advance(60_000);
      expect(await s.readSession()).toMatchObject({ owner: 'another', epoch: 1, formerOwners: [] });
      expect(await s.listedIds()).toEqual([]);
      await expectRefusal(s.resolve(offer, 'completed', 'implementer'), 'HANDOFF_NOT_FOUND');
      await expectRefusal(s.append({ agent: 'planner' }), 'NOT_A_PARTICIPANT');
    });

    test('does not change other sessions', async (s) => {
      await s.createSession({ idempotency: once('create') });
      await s.createSession({ sessionKey: 'other' });
      await s.append();
      await s.append({ sessionKey: 'other' });
      const kept = await s.offer({ sessionKey: 'other' });
      await s.store.deleteSession({ namespace: s.namespace, sessionKey: s.sessionKey });
      expect((await s.readSession('other')).lastSequence).toBe(1);
      expect(await s.listedIds()).toEqual([kept.handoffId]);
    });
  });

  describe('the counts of a namespace', () => {
    test('are those of sessions and pending offers, up to a limit', async (s) => {
      const count = (limit: number) => s.store.countNamespace({ namespace: s.namespace, limit });
      expect(await count(10)).toEqual({ sessions: 0, pendingHandoffs: 0 });
      for (const sessionKey of ['a', 'b', 'work']) await s.createSession({ sessionKey });
      await s.offer({ targetAgent: 'implementer' });
      await s.offer({ expiresInMs: 1000 });
      await s.claim(await s.offer({ requestType: 'context_transfer' }));
      expect(await count(10)).toEqual({ sessions: 3, pendingHandoffs: 2 });
      expect(await count(2)).toEqual({ sessions: 2, pendingHandoffs: 2 });
      await s.advance(1000);
      expect(await count(10)).toEqual({ sessions: 3, pendingHandoffs: 1 });
    });
  });
}
