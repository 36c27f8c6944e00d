import { limits } from '@org/domain';
import { describe, expect } from 'vitest';
import { StoreScenario, type ScenarioTest } from '../store-scenario.js';

export function describeAgents(test: ScenarioTest): void {
  describe('the names that were seen', () => {
    test('are listed, the last seen first', async (s) => {
      expect(await s.agents()).toEqual([]);
      await s.note('planner');
      await s.advance(1000);
      await s.note('Reviewer', 'role:builder');
      await s.advance(1000);
      await s.note('planner', 'planner');
      expect(await s.agents()).toEqual(['planner', 'Reviewer', 'role:builder']);
      expect(await s.agents(2)).toEqual(['planner', 'Reviewer']);
      await s.note();
      expect(await s.agents()).toHaveLength(3);
    });

    test('belong to their namespace, and differ by case', async (s) => {
      const other = new StoreScenario(s);
      await s.note('codex', 'Codex');
      await other.note('claude-code');
      expect(await s.agents()).toEqual(['Codex', 'codex']);
      expect(await other.agents()).toEqual(['claude-code']);
    });

    test('are noted by nothing else, and outlive their sessions', async (s) => {
      await s.createSession();
      await s.claim(await s.offer({ targetAgent: 'implementer' }));
      expect(await s.agents()).toEqual([]);
      await s.note('planner');
      await s.store.deleteSession({ namespace: s.namespace, sessionKey: s.sessionKey });
      expect(await s.agents()).toEqual(['planner']);
    });

    test('are the newest, if there are more than a namespace keeps', async (s) => {
      const many = Array.from({ length: limits.agentsKept }, (_, index) => `agent-${index + 1000}`);
      await s.note('first', 'second');
      await s.advance(1000);
      await s.note(...many.slice(1));
      expect(await s.agents()).toHaveLength(limits.agentsKept);
      await s.advance(1000);
      await s.note('first');
      await s.note('agent-1000');
      const kept = await s.agents(limits.agentsKept + 100);
      expect(kept).toHaveLength(limits.agentsKept);
      expect(kept.slice(0, 2).toSorted()).toEqual(['agent-1000', 'first']);
      expect(kept).not.toContain('second');
    });

    test('are noted by many callers at once', async (s) => {
      const names = Array.from({ length: 20 }, (_, index) => `agent-${index}`);
      await Promise.all(names.map((_, index) => s.note(...names.slice(index), ...names.slice(0, index))));
      expect((await s.agents()).toSorted()).toEqual(names.toSorted());
    });

    test('do not grow older if the clock is set back', async (s) => {
      await s.note('planner');
      await s.advance(-60_000);
      await s.note('reviewer', 'planner');
      expect(await s.agents()).toEqual(['planner', 'reviewer']);
    });
  });
}
