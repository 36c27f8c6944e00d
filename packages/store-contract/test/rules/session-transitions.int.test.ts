import { sessionStatus, sessionStatuses, sessionTransitions, type SessionStatus } from '@org/domain';
import { describe, expect, it } from 'vitest';
import { createMemoryStore } from '../../src/memory-store/memory-store.js';
import { StoreScenario } from '../../src/store-scenario.js';

const dormantAfterMs = 1000;
const ttlMs = 2000;

async function inStatus(status: SessionStatus): Promise<StoreScenario> {
  let nowMs = 0;
  const s = new StoreScenario({
    store: createMemoryStore({ clock: () => nowMs }),
    advance: (ms) => void (nowMs += ms),
  });
  await s.createSession({ ttlMs });
  if (status === 'completed' || status === 'archived') await s.updateSession({ state: status });
  if (status === 'dormant') nowMs = dormantAfterMs;
  if (status === 'expired') nowMs = ttlMs;
  return s;
}
const statusOf = async (s: StoreScenario): Promise<SessionStatus> =>
  sessionStatus(await s.readSession(), dormantAfterMs);

/** Returns the statuses that a step by this actor leads to, without `from` itself. */
const stepsFrom = (from: SessionStatus, by: string): SessionStatus[] =>
  sessionTransitions.filter((step) => step.from === from && step.by === by).map(({ to }) => to);

describe.each(sessionStatuses)('the steps of a session that is %s', (from) => {
  it('by its owner are those of the table', async () => {
    const reached = new Set<SessionStatus>();
    for (const state of ['active', 'completed', 'archived'] as const) {
      const s = await inStatus(from);
      expect(await statusOf(s)).toBe(from);
      const isRefused = await s.updateSession({ state }).then(
        () => false,
        () => true,
      );
      const to = await statusOf(s);
      expect(isRefused, `${from} → ${state}`).toBe(to !== state);
      if (to !== from) reached.add(to);
    }
    // The owner is a writer too.
    expect([...reached].toSorted()).toEqual([...stepsFrom(from, 'owner'), ...stepsFrom(from, 'writer')].toSorted());
  });

  it('by a writer are those of the table', async () => {
    const s = await inStatus(from);
    await s.append().catch(() => undefined);
    const to = await statusOf(s);
    expect(to === from ? [] : [to]).toEqual(stepsFrom(from, 'writer'));
  });

  it('by the clock are those of the table', async () => {
    const s = await inStatus(from);
    const reached: SessionStatus[] = [];
    for (let time = 0; time < ttlMs; time += dormantAfterMs) {
      await s.advance(dormantAfterMs);
      const to = await statusOf(s);
      if (to !== from && !reached.includes(to)) reached.push(to);
    }
    expect(reached).toEqual(stepsFrom(from, 'clock'));
  });
});
