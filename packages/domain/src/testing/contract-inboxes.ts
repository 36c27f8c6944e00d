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
  });
}
