import { describe, expect } from 'vitest';
import { createInProjects, inboxAfter, listedKeys, ours, oursOrNone, theirs } from './project-scenario.js';
import { dayMs, once, type ScenarioTest } from '../../store-scenario.js';

export function describeProjects(test: ScenarioTest): void {
  describe('a project', () => {
    test('is that of a session, and its offers inherit it', async (s) => {
      expect((await s.createSession({ project: ours })).session.project).toBe(ours);
      expect((await s.readSession()).project).toBe(ours);
      const offer = await s.offer();
      expect(offer.project).toBe(ours);
      const { namespace } = s;
      expect((await s.store.readHandoff({ namespace, handoffId: offer.handoffId })).project).toBe(ours);
      const { handoff, session } = await s.claim(offer);
      expect([handoff.project, session.project]).toEqual([ours, ours]);
      expect((await s.resolve(offer, 'returned', 'implementer')).handoff.project).toBe(ours);
    });

    test('is absent unless it is given, and a resumed session keeps what it has', async (s) => {
      expect((await s.createSession()).session.project).toBeUndefined();
      expect((await s.offer()).project).toBeUndefined();
      const resumed = await s.createSession({ project: ours, ifExists: 'resume' });
      expect(resumed.session.project).toBeUndefined();
      await s.createSession({ sessionKey: 'ours', project: ours });
      const again = await s.createSession({ sessionKey: 'ours', project: theirs, ifExists: 'resume' });
      expect(again.session.project).toBe(ours);
    });

    test('is part of a recorded answer', async (s) => {
      const request = { project: ours, idempotency: once('create') };
      await s.createSession(request);
      await s.updateSession({ project: theirs, idempotency: once('update') });
      expect(await s.createSession(request)).toMatchObject({ replayed: true, session: { project: ours } });
      await s.updateSession({ project: null });
      const replayed = await s.updateSession({ project: theirs, idempotency: once('update') });
      expect(replayed).toMatchObject({ replayed: true, session: { project: theirs } });
      expect((await s.readSession()).project).toBeUndefined();
    });

    test('is an address and not a permission: an agent that knows an offer may accept it', async (s) => {
      await s.createSession({ project: theirs });
      const offer = await s.offer();
      expect(await s.listedIds({ projects: oursOrNone })).toEqual([]);
      expect((await s.claim(offer)).session.owner).toBe('implementer');
    });

    test('may have the longest name', async (s) => {
      const project = 'x'.repeat(128);
      await s.createSession({ project });
      const { handoffId } = await s.offer();
      expect(await s.listedIds({ projects: [project, null] })).toEqual([handoffId]);
      expect(await listedKeys(s, { projects: [project] })).toEqual(['work']);
    });
  });

  describe('a session that moves to another project', () => {
    test('takes its pending offers along, as the newest of their lists', async (s) => {
      await createInProjects(s, [ours, theirs]);
      const share = { requestType: 'context_transfer' } as const;
      const first = await s.offer({ sessionKey: 's0', ...share });
      const second = await s.offer({ sessionKey: 's0', ...share, targetAgent: 'implementer' });
      const third = await s.offer({ sessionKey: 's0' });
      const stays = await s.offer({ sessionKey: 's1', ...share });
      const { next } = await s.listHandoffs({ projects: [theirs, null] });
      const { session } = await s.updateSession({ sessionKey: 's0', project: theirs });
      expect(session).toMatchObject({ project: theirs, version: 2 });
      expect(await s.listedIds({ projects: oursOrNone })).toEqual([]);
      const moved = [second, first, third].map(({ handoffId }) => handoffId);
      expect(await s.listedIds({ projects: [theirs, null], after: next })).toEqual(moved);
      expect(await s.listedIds({ projects: [theirs, null] })).toEqual([
        second.handoffId,
        stays.handoffId,
        first.handoffId,
        third.handoffId,
      ]);
      expect(await s.store.peekInboxes([inboxAfter(s, next, [theirs, null])])).toEqual([true]);
      expect((await s.offer({ sessionKey: 's0', ...share })).project).toBe(theirs);
      expect((await s.claim(third)).handoff.project).toBe(theirs);
    });

    test('leaves what is resolved, accepted or expired where it was', async (s) => {
      await createInProjects(s, [ours]);
      const share = { sessionKey: 's0', requestType: 'context_transfer', targetAgent: 'implementer' } as const;
      const [accepted, rejected] = [await s.offer(share), await s.offer(share)];
      await s.claim(accepted);
      await s.resolve(rejected, 'rejected', 'implementer');
      const expired = await s.offer({ ...share, expiresInMs: 1000 });
      await s.advance(1000);
      const pending = await s.offer(share);
      await s.updateSession({ sessionKey: 's0', project: theirs });
      const list = { status: undefined, direction: 'outbox', agent: 'planner' } as const;
      const stay = [accepted, rejected, expired].map(({ handoffId }) => handoffId);
      expect(await s.listedIds({ ...list, projects: [ours] })).toEqual(stay);
      expect(await s.listedIds({ ...list, projects: [theirs] })).toEqual([pending.handoffId]);
    });

    test('takes along the offer that is pending again when the lease lapses', async (s) => {
      await createInProjects(s, [ours]);
      const offer = await s.offer({ sessionKey: 's0', requestType: 'full_handoff' });
      await s.claim(offer, 'implementer', undefined, dayMs);
      await s.updateSession({ sessionKey: 's0', agent: 'implementer', project: theirs });
      await s.advance(dayMs);
      for (const isStored of [false, true]) {
        if (isStored) await s.append({ sessionKey: 's0' });
        expect(await s.listedIds({ projects: [theirs], agent: 'another' }), `${isStored}`).toEqual([offer.handoffId]);
        expect(await s.listedIds({ projects: oursOrNone, agent: 'another' }), `${isStored}`).toEqual([]);
      }
      expect((await s.claim(offer, 'another')).handoff.project).toBe(theirs);
    });

    test('may move out of every project, and into one', async (s) => {
      await createInProjects(s, [undefined]);
      const { handoffId } = await s.offer({ sessionKey: 's0' });
      const projectOf = async () => (await s.readSession('s0')).project;
      for (const project of [ours, theirs, null, ours, null]) {
        await s.updateSession({ sessionKey: 's0', project });
        expect(await projectOf()).toBe(project ?? undefined);
        expect(await s.listedIds({ projects: [project] })).toEqual([handoffId]);
        expect(await s.listedIds({ projects: [project === null ? ours : null] })).toEqual([]);
        expect(await listedKeys(s, { projects: [project] })).toEqual(['s0']);
      }
      await s.updateSession({ sessionKey: 's0', title: 'no project given' });
      expect(await projectOf()).toBeUndefined();
    });

    test('does not show its offers again if it is there already', async (s) => {
      await createInProjects(s, [ours]);
      await s.offer({ sessionKey: 's0' });
      const { next } = await s.listHandoffs({ projects: oursOrNone });
      const { session } = await s.updateSession({ sessionKey: 's0', project: ours });
      expect(session.version).toBe(2);
      expect(await s.listedIds({ projects: oursOrNone, after: next })).toEqual([]);
    });

    test('and its offers that are claimed at the same time end in one project', async (s) => {
      for (let round = 0; round < 5; round += 1) {
        const sessionKey = `race-${round}`;
        await s.createSession({ sessionKey, project: ours });
        const offers = await Promise.all([1, 2, 3, 4].map(() => s.offer({ sessionKey, requestType: 'collaboration' })));
        await Promise.all([
          s.updateSession({ sessionKey, project: theirs }),
          ...offers.slice(2).map((offer, index) => s.claim(offer, `agent-${index}`)),
        ]);
        const { namespace } = s;
        for (const { handoffId } of offers.slice(0, 2)) {
          expect((await s.store.readHandoff({ namespace, handoffId })).project).toBe(theirs);
        }
        expect(await s.listedIds({ projects: [ours] })).toEqual([]);
      }
    });
  });
}
