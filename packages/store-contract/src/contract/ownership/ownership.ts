import { limits, type ContextStoreError, type HandoffRecord } from '@org/domain';
import { describe, expect } from 'vitest';
import { dayMs, expectRefusal, once, type ScenarioTest, type StoreScenario } from '../../store-scenario.js';

const leaseMs = 60_000;

export function describeOwnership(test: ScenarioTest): void {
  describe('retries under a lease', () => {
    test('return the first answer to a claimer whose lease lapsed, and change nothing', async (s) => {
      await s.createSession();
      const offer = await s.offer();
      const first = await s.claim(offer, 'implementer', once('claim'), leaseMs);
      const appended = await s.append({ agent: 'implementer', idempotency: once('append') });
      await s.advance(leaseMs);
      expect(await s.append({ agent: 'implementer', idempotency: once('append') })).toEqual({
        ...appended,
        replayed: true,
      });
      expect(await s.claim(offer, 'implementer', once('claim'), leaseMs)).toEqual({ ...first, replayed: true });
      expect(await s.readSession()).toMatchObject({ owner: 'planner', epoch: 3 });
      await expectRefusal(s.claim(offer, 'implementer', once('claim', 'other input'), leaseMs), 'IDEMPOTENCY_MISMATCH');
      await expectRefusal(s.append({ agent: 'implementer' }), 'OWNERSHIP_LOST');
      expect((await s.claim(offer, 'implementer', once('anew'), leaseMs)).session.epoch).toBe(4);
    });

    test('renew it if they repeat the claim with another key and duration', async (s) => {
      await s.createSession();
      const offer = await s.offer();
      await s.claim(offer, 'implementer', once('first'), leaseMs);
      await s.advance(leaseMs - 1000);
      const again = await s.claim(offer, 'implementer', once('second'), 2 * leaseMs);
      expect(again.replayed).toBe(true);
      expect(again.session.lease).toMatchObject({ durationMs: 2 * leaseMs });
      expect(again.handoff.leaseExpiresAtMs).toBe(again.session.lease?.expiresAtMs);
      await s.advance(leaseMs - 1000);
      expect((await s.readSession()).owner).toBe('implementer');
    });

    test('return the first answer of a return again, even after the offer was claimed again', async (s) => {
      await s.createSession();
      const offer = await s.offer();
      await s.claim(offer, 'implementer', undefined, leaseMs);
      const first = await s.resolve(offer, 'returned', 'implementer', { idempotency: once('back') });
      await s.handOver();
      expect(await s.resolve(offer, 'returned', 'implementer', { idempotency: once('back') })).toEqual({
        ...first,
        replayed: true,
      });
      expect(await s.readSession()).toMatchObject({ owner: 'implementer', epoch: 4 });
    });
  });

  describe('a lease that lapsed', () => {
    const refusalOf = async (s: StoreScenario, agent: string): Promise<ContextStoreError> =>
      expectRefusal(s.append({ agent, epoch: 2 }), 'OWNERSHIP_LOST');

    test('is not renewed by a late write, which is told that no agent has taken the session', async (s) => {
      await s.createSession();
      const { handoffId } = await s.offer();
      await s.claim({ handoffId }, 'implementer', undefined, leaseMs);
      await s.append({ agent: 'implementer' });
      await s.advance(leaseMs);
      // A reader has seen the next epoch, so the former one must not come back.
      expect(await s.readSession()).toMatchObject({ owner: 'planner', epoch: 3, lapsedHandoffId: handoffId });
      const lateCalls = [
        () => refusalOf(s, 'implementer'),
        () => expectRefusal(s.updateSession({ agent: 'implementer', title: 'late' }), 'OWNERSHIP_LOST'),
        () => expectRefusal(s.createHandoff({ agent: 'implementer' }), 'OWNERSHIP_LOST'),
      ];
      for (const late of lateCalls) {
        const { message, details } = await late();
        expect(message).toContain(`no agent has taken the session since: accept handoff ${handoffId} again to go on.`);
        expect(details).toEqual({ sessionKey: 'work', owner: 'planner', epoch: 3, lapsedHandoffId: handoffId });
      }
      const { session } = await s.claim({ handoffId }, 'implementer', undefined, leaseMs);
      expect(session).toMatchObject({ owner: 'implementer', epoch: 4 });
      expect(session.lapsedHandoffId).toBeUndefined();
      expect(await s.append({ agent: 'implementer', epoch: 4 })).toMatchObject({ sequence: 2 });
    });

    const taken: readonly [string, (s: StoreScenario, offer: HandoffRecord) => Promise<unknown>][] = [
      ['the requester has written', (s) => s.append()],
      ['the requester has changed the session', (s) => s.updateSession({ state: 'completed' })],
      ['the requester has offered it to another', (s) => s.offer({ targetAgent: 'tester' })],
      ['the requester has cancelled the offer', (s, offer) => s.resolve(offer, 'cancelled', 'planner')],
      ['another agent has accepted it', (s, offer) => s.claim(offer, 'tester')],
    ];
    for (const [what, take] of taken) {
      test(`tells a late writer to stop if ${what}`, async (s) => {
        await s.createSession();
        const offer = await s.offer();
        await s.claim(offer, 'implementer', undefined, leaseMs);
        await s.advance(leaseMs);
        await take(s, offer);
        await s.updateSession({ state: 'active' }).catch(() => undefined);
        const { message, details } = await refusalOf(s, 'implementer');
        expect(message).toContain('Stop writing.');
        expect(details).not.toHaveProperty('lapsedHandoffId');
      });
    }

    test('tells only its last holder to accept again', async (s) => {
      await s.createSession();
      const offer = await s.offer();
      for (const agent of ['first', 'second']) {
        await s.claim(offer, agent, undefined, leaseMs);
        await s.advance(leaseMs);
      }
      expect((await refusalOf(s, 'first')).details).not.toHaveProperty('lapsedHandoffId');
      expect((await refusalOf(s, 'second')).details).toMatchObject({ lapsedHandoffId: offer.handoffId });
    });
  });

  describe('a lease and a TTL', () => {
    test('that end together return an expired session', async (s) => {
      await s.createSession({ ttlMs: leaseMs });
      const offer = await s.offer();
      await s.claim(offer, 'implementer', undefined, leaseMs);
      await s.advance(leaseMs);
      expect(await s.readSession()).toMatchObject({ owner: 'planner', epoch: 3, state: 'active' });
      await expectRefusal(s.claim(offer, 'implementer'), 'SESSION_EXPIRED');
      await expectRefusal(s.append(), 'SESSION_EXPIRED');
      await expectRefusal(s.updateSession({ agent: 'implementer', ttlMs: dayMs }), 'OWNERSHIP_LOST');
      await s.updateSession({ ttlMs: dayMs });
      expect((await s.claim(offer, 'implementer')).session.epoch).toBe(4);
    });

    test('of which the TTL ends first leave the expired session to its holder until the lease ends', async (s) => {
      await s.createSession({ ttlMs: leaseMs / 2 });
      await s.claim(await s.offer(), 'implementer', undefined, leaseMs);
      await s.advance(leaseMs / 2);
      await expectRefusal(s.append({ agent: 'implementer' }), 'SESSION_EXPIRED');
      await s.updateSession({ agent: 'implementer', ttlMs: dayMs });
      await s.advance(leaseMs - 1000);
      await s.append({ agent: 'implementer' });
    });
  });

  describe('former owners', () => {
    test('are remembered up to a limit, the latest last, each once', async (s) => {
      await s.createSession({ agent: 'agent-0' });
      const passOn = async (from: number, to: number): Promise<void> => {
        await s.claim(await s.offer({ agent: `agent-${from}` }), `agent-${to}`);
      };
      const last = limits.formerOwners + 1;
      for (let index = 0; index < last; index += 1) await passOn(index, index + 1);
      const names = Array.from({ length: limits.formerOwners }, (_, index) => `agent-${index + 1}`);
      expect((await s.readSession()).formerOwners).toEqual(names);
      await expectRefusal(s.append({ agent: 'agent-1' }), 'OWNERSHIP_LOST');
      await expectRefusal(s.append({ agent: 'agent-0' }), 'NOT_A_PARTICIPANT');
      // The owner is not a former owner. Once it loses the session again, it is the latest one.
      await passOn(last, 5);
      expect((await s.readSession()).formerOwners).toEqual([
        ...names.filter((name) => name !== 'agent-5'),
        `agent-${last}`,
      ]);
      await passOn(5, 6);
      expect((await s.readSession()).formerOwners.at(-1)).toBe('agent-5');
      expect((await s.readSession()).formerOwners).not.toContain('agent-6');
    });

    test('write as participants once they are invited', async (s) => {
      await s.createSession();
      await s.handOver();
      await expectRefusal(s.append(), 'OWNERSHIP_LOST');
      await s.claim(await s.offer({ agent: 'implementer', requestType: 'collaboration' }), 'planner');
      expect(await s.append()).toMatchObject({ epoch: 2 });
      await expectRefusal(s.append({ epoch: 1 }), 'OWNERSHIP_LOST');
    });
  });
}
