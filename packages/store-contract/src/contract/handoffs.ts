import { createContextStore, handoffStatus } from '@org/domain';
import { describe, expect, vi } from 'vitest';
import { dayMs, expectRefusal, once, type ScenarioTest, type StoreScenario, storing } from '../store-scenario.js';

export function describeHandoffs(test: ScenarioTest): void {
  describe('handoffs', () => {
    test('keep every field', async (s) => {
      await s.createSession();
      await s.appendMany(3);
      const handoff = await s.offer({
        requestType: 'collaboration',
        targetAgent: 'implementer',
        summary: 'half done – 半分 🚀',
        instructions: 'finish "it"\n',
        requestData: { files: ['a.ts'], n: 1, empty: {} },
        expiresInMs: dayMs,
      });
      expect(handoff).toMatchObject({
        namespace: s.namespace,
        sessionKey: 'work',
        requestType: 'collaboration',
        status: 'pending',
        requestingAgent: 'planner',
        targetAgent: 'implementer',
        uptoSequence: 3,
        summary: 'half done – 半分 🚀',
        instructions: 'finish "it"\n',
        requestData: { files: ['a.ts'], n: 1, empty: {} },
      });
      expect(handoff.expiresAtMs).toBe(handoff.createdAtMs + dayMs);
      expect(handoff.acceptedBy).toBeUndefined();
      await s.claim(handoff);
      const { handoff: done } = await s.resolve(handoff, 'completed', 'implementer', {
        reason: 'ok',
        result: { commit: 'abc' },
      });
      expect(done).toMatchObject({
        status: 'completed',
        acceptedBy: 'implementer',
        reason: 'ok',
        result: { commit: 'abc' },
      });
      expect(done.resolvedAtMs).toBeGreaterThanOrEqual(done.createdAtMs);
    });

    test('stay pinned to the newest entry at their request', async (s) => {
      await s.createSession();
      await s.append();
      const offer = await s.offer();
      await s.append();
      const { handoff, session } = await s.claim(offer);
      expect(handoff.uptoSequence).toBe(1);
      expect(session.lastSequence).toBe(2);
    });

    test('are not found under an unknown id', async (s) => {
      await s.createSession();
      const offer = { ...(await s.offer()), handoffId: 'no-such-id' };
      await expectRefusal(s.claim(offer), 'HANDOFF_NOT_FOUND');
      await expectRefusal(s.resolve(offer, 'cancelled', 'planner'), 'HANDOFF_NOT_FOUND');
    });

    test('are read by their ids, in any status', async (s) => {
      await s.createSession();
      const offer = await s.offer({ requestData: { files: ['a.ts'] } });
      const { namespace } = s;
      const read = () => s.store.readHandoff({ namespace, handoffId: offer.handoffId });
      expect(await read()).toMatchObject({
        handoffId: offer.handoffId,
        status: 'pending',
        requestData: { files: ['a.ts'] },
      });
      await s.claim(offer, 'implementer', undefined, 1000);
      expect(await read()).toMatchObject({ status: 'accepted', acceptedBy: 'implementer' });
      await s.append({ agent: 'implementer' });
      await s.advance(1000);
      const lapsed = await read();
      expect(lapsed).toMatchObject({ status: 'pending', uptoSequence: 1 });
      expect(lapsed.acceptedBy).toBeUndefined();
      await s.resolve(offer, 'cancelled', 'planner');
      expect(await read()).toMatchObject({ status: 'cancelled' });
      await expectRefusal(s.store.readHandoff({ namespace, handoffId: 'no-such-id' }), 'HANDOFF_NOT_FOUND');
      const elsewhere = { namespace: `${namespace}-other`, handoffId: offer.handoffId };
      await expectRefusal(s.store.readHandoff(elsewhere), 'HANDOFF_NOT_FOUND');
    });

    describeResolution(test);
    describeHandoffLists(test);
    describeLapsedOffers(test);
    describeHandoffRetries(test);
  });
}

function describeResolution(test: ScenarioTest): void {
  test('are completed by their acceptor', async (s) => {
    await s.createSession();
    const offer = await s.offer();
    await expectRefusal(s.resolve(offer, 'completed', 'implementer'), 'HANDOFF_NOT_PENDING');
    await s.claim(offer);
    await expectRefusal(s.resolve(offer, 'completed', 'planner'), 'FORBIDDEN');
    await s.resolve(offer, 'completed', 'implementer');
    await expectRefusal(s.resolve(offer, 'completed', 'implementer'), 'HANDOFF_NOT_PENDING');
    await expectRefusal(s.claim(offer, 'implementer'), 'HANDOFF_NOT_PENDING');
    await expectRefusal(s.claim(offer, 'reviewer'), 'HANDOFF_CLAIMED');
    expect(await s.readSession()).toMatchObject({ owner: 'implementer', state: 'active' });
  });

  test('are rejected by the agent that they are addressed to', async (s) => {
    await s.createSession();
    const offer = await s.offer({ targetAgent: 'implementer' });
    await expectRefusal(s.resolve(offer, 'rejected', 'reviewer'), 'FORBIDDEN');
    const { handoff } = await s.resolve(offer, 'rejected', 'implementer', { reason: 'busy' });
    expect(handoff).toMatchObject({ status: 'rejected', reason: 'busy' });
    await expectRefusal(s.claim(offer), 'HANDOFF_NOT_PENDING');
    expect((await s.readSession()).owner).toBe('planner');
  });

  test('for anyone, or for a role, cannot be rejected', async (s) => {
    await s.createSession();
    await expectRefusal(s.resolve(await s.offer(), 'rejected', 'implementer'), 'FORBIDDEN');
    await expectRefusal(
      s.resolve(await s.offer({ targetAgent: 'role:reviewer' }), 'rejected', 'implementer'),
      'FORBIDDEN',
    );
  });

  test('are cancelled by their requester until an agent accepts', async (s) => {
    await s.createSession();
    const offer = await s.offer();
    await expectRefusal(s.resolve(offer, 'cancelled', 'implementer'), 'FORBIDDEN');
    await s.resolve(offer, 'cancelled', 'planner');
    await expectRefusal(s.claim(offer), 'HANDOFF_NOT_PENDING');
    const taken = await s.offer();
    await s.claim(taken);
    await expectRefusal(s.resolve(taken, 'cancelled', 'planner'), 'HANDOFF_NOT_PENDING');
  });

  test('give ownership back at a new epoch when they are returned', async (s) => {
    await s.createSession();
    const offer = await s.offer();
    await s.claim(offer);
    const passedOn = await s.offer({ agent: 'implementer' });
    await expectRefusal(s.resolve(offer, 'returned', 'planner'), 'FORBIDDEN');
    const { handoff } = await s.resolve(offer, 'returned', 'implementer', { reason: 'needs a decision' });
    expect(handoff).toMatchObject({ status: 'returned', reason: 'needs a decision' });
    expect(await s.readSession()).toMatchObject({ owner: 'planner', epoch: 3, version: 3 });
    await expectRefusal(s.append({ agent: 'implementer' }), 'OWNERSHIP_LOST');
    await expectRefusal(s.append({ agent: 'planner', epoch: 1 }), 'OWNERSHIP_LOST');
    await s.append({ agent: 'planner', epoch: 3 });
    await expectRefusal(s.claim(passedOn, 'reviewer'), 'HANDOFF_NOT_PENDING');
  });

  test('cannot be returned once the session has expired or closed', async (s) => {
    await s.createSession({ ttlMs: 1000 });
    const offer = await s.offer();
    await s.claim(offer);
    await s.advance(1000);
    await expectRefusal(s.resolve(offer, 'returned', 'implementer'), 'SESSION_EXPIRED');
    await s.updateSession({ agent: 'implementer', state: 'archived' });
    await expectRefusal(s.resolve(offer, 'returned', 'implementer'), 'SESSION_NOT_ACTIVE');
    expect((await s.readSession()).owner).toBe('implementer');
  });

  test('cannot be returned by an acceptor that handed the session on, or if ownership did not move', async (s) => {
    await s.createSession();
    const offer = await s.offer();
    await s.claim(offer);
    await s.claim(await s.offer({ agent: 'implementer' }), 'reviewer');
    await expectRefusal(s.resolve(offer, 'returned', 'implementer'), 'OWNERSHIP_LOST');
    const read = await s.offer({ agent: 'reviewer', requestType: 'context_transfer' });
    await s.claim(read, 'implementer');
    await expectRefusal(s.resolve(read, 'returned', 'implementer'), 'HANDOFF_NOT_PENDING');
    expect((await s.readSession()).owner).toBe('reviewer');
  });
}

function describeHandoffLists(test: ScenarioTest): void {
  test('are listed in the inboxes of agents that may accept them, and in the outbox of their requester', async (s) => {
    await s.createSession();
    const direct = await s.offer({ targetAgent: 'implementer' });
    const open = await s.offer();
    await s.offer({ targetAgent: 'reviewer' });
    const role = await s.offer({ targetAgent: 'role:builder' });
    const own = await s.offer({ targetAgent: 'planner' });
    expect(await s.listedIds()).toEqual(ids(direct, open));
    expect(await s.listedIds({ roles: ['builder', 'tester'] })).toEqual(ids(direct, role, open));
    expect(await s.listedIds({ roles: ['builder'], limit: 1 })).toEqual(ids(direct, role, open));
    expect(await s.listedIds({ agent: 'planner', roles: ['builder'] })).toEqual(ids(own, open));
    expect(await s.listedIds({ agent: 'planner', direction: 'outbox', limit: 2 })).toHaveLength(5);
    expect(await s.listedIds({ agent: 'idle', direction: 'outbox' })).toEqual([]);
  });

  test('are listed by computed status', async (s) => {
    await s.createSession();
    const lapsed = await s.offer({ expiresInMs: 1000 });
    await s.advance(1000);
    const taken = await s.offer({ requestType: 'context_transfer' });
    await s.claim(taken);
    const pending = await s.offer();
    const listed = (status: 'expired' | 'accepted' | 'pending' | 'rejected'): Promise<string[]> =>
      s.listedIds({ status, limit: 1 });
    expect(await listed('expired')).toEqual([lapsed.handoffId]);
    expect(await listed('accepted')).toEqual([taken.handoffId]);
    expect(await listed('pending')).toEqual([pending.handoffId]);
    expect(await listed('rejected')).toEqual([]);
    expect(await s.listedIds({ status: undefined })).toEqual(
      [lapsed, taken, pending].map(({ handoffId }) => handoffId),
    );
  });

  test('are listed only if they came after a position, even that of an empty inbox', async (s) => {
    await s.createSession();
    const empty = await s.listHandoffs();
    expect(empty).toMatchObject({ handoffs: [], more: false });
    const first = await s.offer();
    const seen = await s.listHandoffs({ after: empty.next });
    expect(seen.handoffs.map(({ handoffId }) => handoffId)).toEqual([first.handoffId]);
    expect((await s.listHandoffs({ after: seen.next })).handoffs).toEqual([]);
    const second = await s.offer();
    expect(await s.listedIds({ after: seen.next })).toEqual([second.handoffId]);
  });
}

function describeLapsedOffers(test: ScenarioTest): void {
  test('are listed at once, however many older offers have expired', async (s) => {
    await lapse(s, 12, 100);
    const live = await s.offer({ sessionKey: 'work-1' });
    const inbox = createContextStore({ store: s.store }, { namespace: s.namespace, agent: 'implementer' });
    const shown = await inbox.listHandoffs({});
    expect(ids(...shown.handoffs)).toEqual(ids(live));
    expect((await inbox.listHandoffs({ cursor: shown.cursor })).handoffs).toEqual([]);
    // After two hours, the expired offers are stored as such, and no list scans them any more.
    await s.advance(2 * 3_600_000);
    await vi.waitFor(async () => {
      const page = await s.listHandoffs();
      expect(ids(...page.handoffs)).toEqual(ids(live));
      expect(page.more).toBe(false);
      await inbox.listHandoffs({});
    }, storing);
  });

  test('stay expired after a list has met them', async (s) => {
    await s.createSession();
    const seen = await s.offer({ expiresInMs: 1000 });
    await s.advance(1000);
    expect(await s.listedIds()).toEqual([]);
    const unseen = await s.offer({ expiresInMs: 1000 });
    await s.advance(1000);
    for (const offer of [seen, unseen]) {
      await expectRefusal(s.claim(offer), 'HANDOFF_EXPIRED');
      await expectRefusal(s.resolve(offer, 'cancelled', 'planner'), 'HANDOFF_EXPIRED');
    }
    for (const list of [{}, { agent: 'planner', direction: 'outbox' }] as const) {
      for (const status of ['expired', undefined] as const) {
        const { handoffs } = await s.listHandoffs({ ...list, status });
        expect(ids(...handoffs)).toEqual(ids(seen, unseen));
        expect(handoffs.map(handoffStatus)).toEqual(['expired', 'expired']);
        expect(handoffs.filter(({ resolvedAtMs }) => resolvedAtMs !== undefined)).toEqual([]);
      }
    }
    await s.handOver();
    await expectRefusal(s.claim(seen, 'reviewer'), 'HANDOFF_EXPIRED');
  });
}

/** Creates sessions with as many offers each, to anyone, that have all expired. */
async function lapse(s: StoreScenario, sessions: number, offers: number): Promise<void> {
  const offerAll = async (sessionKey: string): Promise<void> => {
    await s.createSession({ sessionKey });
    for (let made = 0; made < offers; made += 1) await s.offer({ sessionKey, expiresInMs: 1000 });
  };
  await Promise.all(Array.from({ length: sessions }, (_, index) => offerAll(`work-${index + 1}`)));
  await s.advance(1000);
}

function describeHandoffRetries(test: ScenarioTest): void {
  test('are requested once for one idempotency key', async (s) => {
    await s.createSession();
    const first = await s.createHandoff({ idempotency: once('k') });
    await s.claim(first.handoff);
    const again = await s.createHandoff({ idempotency: once('k') });
    expect(again).toMatchObject({ replayed: true, handoff: { handoffId: first.handoff.handoffId, status: 'pending' } });
    expect(await s.listedIds({ agent: 'planner', direction: 'outbox', status: undefined })).toHaveLength(1);
    await expectRefusal(s.createHandoff({ idempotency: once('k', 'other input') }), 'IDEMPOTENCY_MISMATCH');
  });

  test('return the first answer of an acceptance again, even after ownership moved on', async (s) => {
    await s.createSession();
    const offer = await s.offer();
    const first = await s.claim(offer, 'implementer', once('k'));
    await s.claim(await s.offer({ agent: 'implementer' }), 'reviewer');
    const again = await s.claim(offer, 'implementer', once('k'));
    expect(again).toEqual({ ...first, replayed: true });
    expect(again.session).toMatchObject({ owner: 'implementer', epoch: 2 });
    expect(await s.readSession()).toMatchObject({ owner: 'reviewer', epoch: 3 });
  });

  test('are resolved once for one idempotency key', async (s) => {
    await s.createSession();
    const offer = await s.offer();
    await s.claim(offer);
    const first = await s.resolve(offer, 'returned', 'implementer', { idempotency: once('k') });
    const again = await s.resolve(offer, 'returned', 'implementer', { idempotency: once('k') });
    expect(again).toEqual({ ...first, replayed: true });
    expect((await s.readSession()).epoch).toBe(3);
    await expectRefusal(
      s.resolve(offer, 'returned', 'implementer', { idempotency: once('k', 'x') }),
      'IDEMPOTENCY_MISMATCH',
    );
  });
}

const ids = (...handoffs: { handoffId: string }[]): string[] => handoffs.map(({ handoffId }) => handoffId);
