import { describe, expect } from 'vitest';
import type { Inbox } from '../ports/store.js';
import type { ScenarioTest } from './store-scenario.js';

export function describeInboxes(test: ScenarioTest): void {
  describe('a peek into inboxes', () => {
    test('tells which of them hold something new', async (s) => {
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
      ];
      const peek = (): Promise<readonly boolean[]> => s.store.peekInboxes(inboxes);
      expect(await s.store.peekInboxes([])).toEqual([]);
      expect(await peek()).toEqual([false, false, false, false, false]);
      const direct = await s.offer({ targetAgent: 'implementer' });
      expect(await peek()).toEqual([true, false, false, false, false]);
      await s.resolve(direct, 'cancelled', 'planner');
      // The requester may not claim what it offers to a role.
      await s.offer({ targetAgent: 'role:builder', requestType: 'collaboration' });
      expect(await peek()).toEqual([false, false, true, false, false]);
      await s.offer({ requestType: 'context_transfer', expiresInMs: 1000 });
      expect(await peek()).toEqual([true, true, true, true, false]);
      await s.advance(1000);
      expect(await peek()).toEqual([false, false, true, false, false]);
    });

    test('tells only of what came after the position', async (s) => {
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

    test('answers for each of a thousand, in their order, however often one is asked for', async (s) => {
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

    test('knows an inbox by its position too', async (s) => {
      await s.createSession();
      await s.offer();
      const { next: after } = await s.listHandoffs();
      const inbox = { namespace: s.namespace, agent: 'implementer', roles: [] };
      const positions = [0, after, 0, after - 1, after + 1000];
      const peek = (): Promise<readonly boolean[]> =>
        s.store.peekInboxes(positions.map((position) => ({ ...inbox, after: position })));
      expect((await peek()).slice(0, 3)).toEqual([true, false, true]);
      expect((await peek()).at(-1)).toBe(false);
    });
  });
}
