import type { CreateHandoff } from '@org/domain';
import { describe, expect } from 'vitest';
import { createInProjects, idsOf, inboxAfter, listedKeys, ours, oursOrNone, theirs } from './project-scenario.js';
import type { ScenarioTest, StoreScenario } from '../../store-scenario.js';

export function describeProjectLists(test: ScenarioTest): void {
  describe('a list of sessions', () => {
    test('shows a project and what has none, newest first, over any pages', async (s) => {
      const keys = await createInProjects(s, [ours, theirs, undefined, ours, theirs, undefined, ours, undefined]);
      const inProjects = (...shown: (string | undefined)[]) =>
        keys.filter(({ project }) => shown.includes(project)).map(({ sessionKey }) => sessionKey);
      for (const limit of [1, 2, 3, 100]) {
        expect(await listedKeys(s, { limit })).toEqual(inProjects(ours, theirs, undefined));
        expect(await listedKeys(s, { limit, projects: oursOrNone })).toEqual(inProjects(ours, undefined));
        expect(await listedKeys(s, { limit, projects: [null] })).toEqual(inProjects(undefined));
        expect(await listedKeys(s, { limit, projects: [theirs] })).toEqual(inProjects(theirs));
        expect(await listedKeys(s, { limit, projects: ['unknown', null] })).toEqual(inProjects(undefined));
      }
    });

    test('has other filters too', async (s) => {
      await createInProjects(s, [ours, theirs, undefined]);
      await s.createSession({ sessionKey: 'closed', project: ours });
      await s.updateSession({ sessionKey: 'closed', state: 'completed' });
      await s.createSession({ sessionKey: 'another', project: ours, agent: 'reviewer' });
      const list = { projects: oursOrNone, limit: 1 };
      expect(await listedKeys(s, { ...list, owner: 'reviewer' })).toEqual(['another']);
      expect(await listedKeys(s, { ...list, status: 'completed' })).toEqual(['closed']);
      expect(await listedKeys(s, { ...list, owner: 'planner', status: 'active' })).toEqual(['s2', 's0']);
    });

    test('knows other namespaces apart', async (s) => {
      await s.createSession({ project: ours });
      expect(await listedKeys(s, { namespace: `${s.namespace}-other`, projects: oursOrNone })).toEqual([]);
    });
  });

  describe('a list of handoffs', () => {
    test('shows a project and what has none, in each class', async (s) => {
      await createInProjects(s, [ours, theirs, undefined]);
      const offers = await offerToEach(s);
      const shownOf = (...sessions: string[]) =>
        ['implementer', 'role:builder', undefined].flatMap((target) =>
          offers
            .filter(({ sessionKey, targetAgent }) => sessions.includes(sessionKey) && targetAgent === target)
            .map(({ handoffId }) => handoffId),
        );
      const inbox = { roles: ['builder', 'tester'] };
      for (const limit of [1, 2, 100]) {
        expect(await s.listedIds({ ...inbox, limit })).toHaveLength(9);
        expect(await s.listedIds({ ...inbox, limit, projects: oursOrNone })).toEqual(shownOf('s0', 's2'));
        expect(await s.listedIds({ ...inbox, limit, projects: [null] })).toEqual(shownOf('s2'));
        expect(await s.listedIds({ ...inbox, limit, projects: [theirs, theirs] })).toEqual(shownOf('s1'));
        const outbox = { direction: 'outbox', agent: 'planner', status: undefined, limit } as const;
        const requested = (...sessions: string[]) =>
          offers.filter(({ sessionKey }) => sessions.includes(sessionKey)).map(({ handoffId }) => handoffId);
        expect(await s.listedIds(outbox)).toEqual(requested('s0', 's1', 's2'));
        expect(await s.listedIds({ ...outbox, projects: oursOrNone })).toEqual(requested('s0', 's2'));
        expect(await s.listedIds({ ...outbox, projects: [theirs], status: 'pending' })).toEqual(requested('s1'));
      }
    });

    test('goes on from a position, and shows only what is new', async (s) => {
      await createInProjects(s, [ours, theirs]);
      const first = await s.offer({ sessionKey: 's0' });
      const { next } = await s.listHandoffs({ projects: oursOrNone });
      await s.offer({ sessionKey: 's1' });
      expect(idsOf(await s.listHandoffs({ projects: oursOrNone, after: next }))).toEqual([]);
      const second = await s.offer({ sessionKey: 's0', requestType: 'context_transfer' });
      expect(await s.listedIds({ projects: oursOrNone, after: next })).toEqual([second.handoffId]);
      expect(await s.listedIds({ projects: oursOrNone })).toEqual([first.handoffId, second.handoffId]);
    });

    test('lets senders take turns within a project', async (s) => {
      await createInProjects(s, [ours, theirs]);
      await s.createSession({ sessionKey: 'others', project: ours, agent: 'reviewer' });
      const share = { requestType: 'context_transfer' } as const;
      const flood: string[] = [];
      for (let index = 0; index < 5; index += 1) flood.push((await s.offer({ sessionKey: 's0', ...share })).handoffId);
      for (let index = 0; index < 5; index += 1) await s.offer({ sessionKey: 's1', ...share });
      const single = await s.offer({ sessionKey: 'others', agent: 'reviewer', ...share });
      const page = await s.listHandoffs({ projects: oursOrNone, limit: 3 });
      expect(idsOf(page)).toEqual([flood[0], flood[1], single.handoffId]);
      expect(await s.listedIds({ projects: oursOrNone, limit: 3, after: page.next })).toEqual(flood.slice(2));
    });

    test('shows each status of a project', async (s) => {
      await createInProjects(s, [ours, theirs]);
      for (const sessionKey of ['s0', 's1']) {
        const share = (name: string, request: Partial<CreateHandoff> = {}) =>
          s.offer({
            sessionKey,
            requestType: 'context_transfer',
            targetAgent: 'implementer',
            handoffId: `${sessionKey}-${name}`,
            ...request,
          });
        await share('pending');
        await share('expired', { expiresInMs: 1000 });
        await s.claim(await share('accepted'));
        const completed = await share('completed');
        await s.claim(completed);
        await s.resolve(completed, 'completed', 'implementer');
        await s.resolve(await share('cancelled'), 'cancelled', 'planner');
        await s.resolve(await share('rejected'), 'rejected', 'implementer');
      }
      await s.advance(1000);
      const statuses = ['pending', 'expired', 'accepted', 'completed', 'cancelled', 'rejected', 'returned'] as const;
      for (const direction of ['inbox', 'outbox'] as const) {
        const agent = direction === 'inbox' ? 'implementer' : 'planner';
        for (const status of statuses) {
          const shown = status === 'returned' ? [] : [`s0-${status}`];
          const list = { direction, agent, status, limit: 1 };
          expect(await s.listedIds({ ...list, projects: oursOrNone }), status).toEqual(shown);
          expect((await s.listedIds(list)).length, status).toBe(2 * shown.length);
        }
        const all = await s.listedIds({ direction, agent, status: undefined, projects: oursOrNone, limit: 4 });
        expect(all).toEqual(statuses.slice(0, 6).map((status) => `s0-${status}`));
      }
    });

    test('shows an offer that is pending again by a lapse in its project alone', async (s) => {
      await createInProjects(s, [ours, theirs]);
      const [own, other] = [await s.offer({ sessionKey: 's0' }), await s.offer({ sessionKey: 's1' })];
      for (const offer of [own, other]) await s.claim(offer, 'implementer', undefined, 1000);
      const { next } = await s.listHandoffs({ projects: oursOrNone });
      await s.advance(1000);
      const peek = await s.store.peekInboxes([
        inboxAfter(s, next, oursOrNone),
        inboxAfter(s, next, [null]),
        inboxAfter(s, next),
      ]);
      expect(peek).toEqual([true, false, true]);
      for (const isStored of [false, true]) {
        if (isStored) for (const sessionKey of ['s0', 's1']) await s.append({ sessionKey });
        expect(await s.listedIds({ projects: oursOrNone, after: next }), `${isStored}`).toEqual([own.handoffId]);
        expect(await s.listedIds({ projects: [theirs] }), `${isStored}`).toEqual([other.handoffId]);
        expect(await s.listedIds({ projects: [null] }), `${isStored}`).toEqual([]);
        const outbox = { direction: 'outbox', agent: 'planner', status: undefined } as const;
        expect(await s.listedIds({ ...outbox, projects: oursOrNone }), `${isStored}`).toEqual([own.handoffId]);
      }
    });
  });

  describe('a peek into inboxes', () => {
    test('looks only for what the list would show', async (s) => {
      await createInProjects(s, [ours, theirs, undefined]);
      const filters = [undefined, oursOrNone, [null], [theirs, null], ['unknown', null]];
      const peek = () => s.store.peekInboxes(filters.map((projects) => inboxAfter(s, 0, projects)));
      expect(await peek()).toEqual([false, false, false, false, false]);
      const first = await s.offer({ sessionKey: 's0' });
      expect(await peek()).toEqual([true, true, false, false, false]);
      await s.resolve(first, 'cancelled', 'planner');
      await s.offer({ sessionKey: 's1', targetAgent: 'implementer' });
      expect(await peek()).toEqual([true, false, false, true, false]);
      await s.offer({ sessionKey: 's2' });
      expect(await peek()).toEqual([true, true, true, true, true]);
    });

    test('finds the only offer of a project behind many of another', async (s) => {
      await createInProjects(s, [ours, theirs]);
      const share = { requestType: 'context_transfer' } as const;
      for (let index = 0; index < 40; index += 1) await s.offer({ sessionKey: 's1', ...share });
      expect(await s.store.peekInboxes([inboxAfter(s, 0, oursOrNone)])).toEqual([false]);
      const { handoffId } = await s.offer({ sessionKey: 's0', ...share });
      expect(await s.store.peekInboxes([inboxAfter(s, 0, oursOrNone)])).toEqual([true]);
      expect(await s.listedIds({ projects: oursOrNone })).toEqual([handoffId]);
    });
  });
}

/** Offers each of the sessions `s0` to `s2` to an agent, a role and anyone. */
async function offerToEach(s: StoreScenario) {
  const offers = [];
  for (const targetAgent of [undefined, 'role:builder', 'implementer']) {
    for (const sessionKey of ['s1', 's0', 's2']) {
      offers.push(await s.offer({ sessionKey, targetAgent, requestType: 'context_transfer', agent: 'planner' }));
    }
  }
  return offers;
}
