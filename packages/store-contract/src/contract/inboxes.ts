import { reachedBy, type CreateHandoff, type HandoffPage, type HandoffPosition, type Inbox } from '@org/domain';
import { describe, expect } from 'vitest';
import { expectRefusal, type ScenarioTest, type StoreScenario } from '../store-scenario.js';

export function describeInboxes(test: ScenarioTest): void {
  describe('an inbox', () => {
    test('shows offers to the agent first, then to its roles, then to anyone', async (s) => {
      await s.createSession();
      const anyone = await offerMany(s, 5);
      const [role] = await offerMany(s, 1, { targetAgent: 'role:builder' });
      const own = await offerMany(s, 2, { targetAgent: 'implementer' });
      const inbox = { roles: ['tester', 'builder'], limit: 4 };
      const page = await s.listHandoffs(inbox);
      expect(idsOf(page)).toEqual([...own, role, anyone[0]]);
      expect(page.more).toBe(true);
      // A new offer to the agent comes before the rest of the offers to anyone.
      const [late] = await offerMany(s, 1, { targetAgent: 'implementer' });
      const rest = await s.listHandoffs({ ...inbox, limit: 20, after: page.next });
      expect(idsOf(rest)).toEqual([late, ...anyone.slice(1)]);
      expect(rest.more).toBe(false);
      expect(await s.listedIds({ ...inbox, after: rest.next })).toEqual([]);
    });

    test('also shows offers to the former name of the agent, with those to its roles', async (s) => {
      await s.createSession();
      const [anyone] = await offerMany(s, 1);
      const [former] = await offerMany(s, 1, { targetAgent: 'implementer-client' });
      const [own] = await offerMany(s, 1, { targetAgent: 'implementer' });
      const inbox = { formerName: 'implementer-client', limit: 2 };
      const page = await s.listHandoffs(inbox);
      expect(idsOf(page)).toEqual([own, former]);
      expect(idsOf(await s.listHandoffs({ ...inbox, after: page.next }))).toEqual([anyone]);
      expect(await s.listedIds()).toEqual([own, anyone]);
      expect(await s.listedIds({ formerName: 'implementer' })).toEqual([own, anyone]);
      // An outbox lists what the agent requested, by this name alone.
      expect(await s.listedIds({ direction: 'outbox', agent: 'x', formerName: 'planner' })).toEqual([]);
    });

    test('lets senders take turns, and loses no offer', async (s) => {
      await s.createSession();
      await s.createSession({ sessionKey: 'other', agent: 'reviewer' });
      const flood = await offerMany(s, 12);
      const [single] = await offerMany(s, 1, { sessionKey: 'other', agent: 'reviewer' });
      const page = await s.listHandoffs({ limit: 4 });
      expect(idsOf(page)).toEqual([...flood.slice(0, 3), single]);
      const [later] = await offerMany(s, 1, { sessionKey: 'other', agent: 'reviewer' });
      const second = await s.listHandoffs({ limit: 4, after: page.next });
      expect(idsOf(second)).toEqual([...flood.slice(3, 6), later]);
      expect(await s.store.peekInboxes([inboxAfter(s, second.next)])).toEqual([true]);
      expect(await s.listedIds({ limit: 4, after: second.next })).toEqual(flood.slice(6));
      // Other lists are oldest first.
      const all = [...flood, single, later];
      expect(await s.listedIds({ status: undefined, limit: 4 })).toEqual(all);
    });

    test('shows the rest on the next page, even if offers were accepted meanwhile', async (s) => {
      await s.createSession();
      await s.createSession({ sessionKey: 'other', agent: 'reviewer' });
      const flood = await offerMany(s, 8);
      await offerMany(s, 1, { sessionKey: 'other', agent: 'reviewer' });
      const { next } = await s.listHandoffs({ limit: 3 });
      for (const handoffId of flood.slice(3, 7)) await s.claim({ handoffId }, 'another');
      const page = await s.listHandoffs({ limit: 3, after: next });
      expect(idsOf(page)).toEqual([flood[2], flood[7]]);
      expect(await s.store.peekInboxes([inboxAfter(s, page.next)])).toEqual([false]);
    });

    test('shows an offer that is pending again after a lapse as the newest of its class', async (s) => {
      await s.createSession();
      const anyone = await offerMany(s, 2);
      const leased = await s.offer({ targetAgent: 'implementer' });
      const [own] = await offerMany(s, 1, { targetAgent: 'implementer' });
      await s.claim(leased, 'implementer', undefined, 1000);
      const { next } = await s.listHandoffs();
      await s.advance(1000);
      expect(await s.listedIds()).toEqual([own, leased.handoffId, ...anyone]);
      expect(await s.store.peekInboxes([inboxAfter(s, next)])).toEqual([true]);
      expect(await s.listedIds({ after: next })).toEqual([leased.handoffId]);
    });

    test('and an outbox refuse a position that is ahead of the database', async (s) => {
      await s.createSession();
      await s.offer();
      const reached = reachedBy((await s.listHandoffs()).next);
      for (const direction of ['inbox', 'outbox'] as const) {
        expect(await s.listedIds({ direction, after: reached })).toEqual([]);
        for (const after of [reached + 1_000_000_000, [{ upto: 0 }, { upto: 0 }, { upto: Number.MAX_SAFE_INTEGER }]]) {
          await expectRefusal(s.listHandoffs({ direction, after }), 'VALIDATION_ERROR');
        }
      }
    });
  });

  describe('a peek into inboxes', () => {
    test('returns which of them hold an offer', async (s) => {
      await s.createSession();
      const inbox = (request: Partial<Inbox>): Inbox => ({
        namespace: s.namespace,
        agent: 'implementer',
        roles: [],
        after: 0,
        ...request,
      });
      const inboxes = [
        inbox({}),
        inbox({ agent: 'reviewer' }),
        inbox({ agent: 'another', roles: ['x', 'builder'] }),
        inbox({ agent: 'planner', roles: ['builder'] }),
        inbox({ namespace: `${s.namespace}-other` }),
        inbox({ agent: 'another', formerName: 'implementer' }),
      ];
      const peek = (): Promise<readonly boolean[]> => s.store.peekInboxes(inboxes);
      expect(await s.store.peekInboxes([])).toEqual([]);
      expect(await peek()).toEqual([false, false, false, false, false, false]);
      const direct = await s.offer({ targetAgent: 'implementer' });
      expect(await peek()).toEqual([true, false, false, false, false, true]);
      await s.resolve(direct, 'cancelled', 'planner');
      // The requester may not claim what it offers to a role.
      await s.offer({ targetAgent: 'role:builder', requestType: 'collaboration' });
      expect(await peek()).toEqual([false, false, true, false, false, false]);
      await s.offer({ requestType: 'context_transfer', expiresInMs: 1000 });
      expect(await peek()).toEqual([true, true, true, true, false, true]);
      await s.advance(1000);
      expect(await peek()).toEqual([false, false, true, false, false, false]);
    });

    test('ignores offers up to the position', async (s) => {
      await s.createSession();
      const inbox = { namespace: s.namespace, agent: 'implementer', roles: [] };
      await s.offer();
      const { next } = await s.listHandoffs();
      expect(await s.store.peekInboxes([{ ...inbox, after: next }])).toEqual([false]);
      await s.offer();
      expect(
        await s.store.peekInboxes([
          { ...inbox, after: next },
          { ...inbox, after: 0 },
        ]),
      ).toEqual([true, true]);
      const { next: newest } = await s.listHandoffs();
      expect(await s.store.peekInboxes([{ ...inbox, after: newest }])).toEqual([false]);
    });

    test('answers for each of a thousand in order, repeated ones too', async (s) => {
      await s.createSession();
      await s.offer({ targetAgent: 'agent-7' });
      await s.offer({ targetAgent: 'role:builder', requestType: 'collaboration' });
      const inbox = (index: number): Inbox => ({
        namespace: s.namespace,
        agent: `agent-${index % 500}`,
        roles: index % 500 === 400 ? ['builder', 'builder'] : [],
        after: 0,
      });
      const found = await s.store.peekInboxes(Array.from({ length: 1000 }, (_, index) => inbox(index)));
      expect(found).toHaveLength(1000);
      expect(found.flatMap((hasOffer, index) => (hasOffer ? [index] : []))).toEqual([7, 400, 507, 900]);
    });

    test('distinguishes inboxes by their positions too', async (s) => {
      await s.createSession();
      await s.offer();
      const after = reachedBy((await s.listHandoffs()).next);
      const inbox = { namespace: s.namespace, agent: 'implementer', roles: [] };
      const positions = [0, after, 0, after - 1, after + 1000];
      const peek = (): Promise<readonly boolean[]> =>
        s.store.peekInboxes(positions.map((position) => ({ ...inbox, after: position })));
      expect((await peek()).slice(0, 3)).toEqual([true, false, true]);
      expect((await peek()).at(-1)).toBe(false);
    });
  });
}

const idsOf = ({ handoffs }: HandoffPage): string[] => handoffs.map(({ handoffId }) => handoffId);

/** Makes an offer, to anyone if no target is given. */
async function offerMany(s: StoreScenario, count: number, request: Partial<CreateHandoff> = {}): Promise<string[]> {
  const offered: string[] = [];
  for (let made = 0; made < count; made += 1) {
    const { handoffId } = await s.offer({ requestType: 'context_transfer', ...request });
    offered.push(handoffId);
  }
  return offered;
}

const inboxAfter = ({ namespace }: StoreScenario, after: HandoffPosition): Inbox => ({
  namespace,
  agent: 'implementer',
  roles: [],
  after,
});
