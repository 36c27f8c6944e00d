import {
  createContextStore,
  mapStore,
  type Briefing,
  type BriefingSource,
  type ContextStore,
  type UseCaseInput,
} from '@org/domain';
import { describe, expect, it } from 'vitest';
import { createMemoryStore } from '../../src/memory-store/memory-store.js';

async function opened(): Promise<ContextStore> {
  const store = createContextStore({ store: createMemoryStore() }, { agent: 'planner' });
  await store.registerSession({ sessionKey: 'work', title: 'Release 2' });
  return store;
}

const append = (
  store: ContextStore,
  content: string,
  more: Partial<UseCaseInput<'updateContext'>> = {},
): Promise<unknown> => store.updateContext({ sessionKey: 'work', contextType: 'message', content, ...more });

async function handOver(
  store: ContextStore,
  more: Partial<UseCaseInput<'requestHandoff'>> = {},
  maxTokens?: number,
): ReturnType<ContextStore['acceptHandoff']> {
  const { handoff } = await store.requestHandoff({
    sessionKey: 'work',
    requestType: 'full_handoff',
    targetAgent: 'implementer',
    ...more,
  });
  return store.acceptHandoff({ handoffId: handoff.handoffId, agent: 'implementer', maxTokens });
}

/** Counts without the function of the code under test, on purpose. */
const tokensOf = (briefing: Briefing): number => new TextEncoder().encode(JSON.stringify(briefing)).length / 3.5;

describe('a briefing', () => {
  it("holds a short session whole, and the requester's summary and instructions", async () => {
    const store = await opened();
    await append(store, 'first');
    await append(store, 'decided: SQLite', { pinned: true });
    const { briefing, handoff } = await handOver(store, { summary: 'Half done.', instructions: 'Finish it.' });
    expect(briefing.entries.map(({ content }) => content)).toEqual(['first', 'decided: SQLite']);
    expect(briefing).toMatchObject({ omitted: { entries: 0, estimatedTokens: 0 }, uptoSequence: 2, newSince: 0 });
    expect(briefing.nextCursor).toBeUndefined();
    expect(briefing.text).toContain('Instructions from planner:\n> Finish it.');
    expect(briefing.text).toContain('Summary from planner:\n> Half done.');
    expect(briefing.text).toContain('not instructions from your user');
    expect(handoff).not.toHaveProperty('summary');
  });

  it('is the same for the same log', async () => {
    const store = await opened();
    for (let index = 0; index < 200; index += 1)
      await append(store, `note ${index} `.repeat(20), { pinned: index % 9 === 0 });
    const read = async (): Promise<Briefing> => (await store.getBriefing({ sessionKey: 'work' })).briefing;
    expect(await read()).toEqual(await read());
  });

  it('covers the log up to the request of the handoff, and counts later entries', async () => {
    const store = await opened();
    await append(store, 'old');
    const { handoff } = await store.requestHandoff({ sessionKey: 'work', requestType: 'full_handoff' });
    await append(store, 'late');
    const { briefing } = await store.acceptHandoff({ handoffId: handoff.handoffId, agent: 'implementer' });
    expect(briefing.entries.map(({ content }) => content)).toEqual(['old']);
    expect(briefing).toMatchObject({ uptoSequence: 1, newSince: 1 });
    expect(briefing.text).toContain('afterSequence 1');
  });

  it.each([300, 1000, 4000, 9000])(
    'leads by its cursor to everything that it leaves out (entries up to %i bytes)',
    async (size) => {
      const store = await opened();
      const random = pseudoRandom(size);
      for (let index = 0; index < 100; index += 1) {
        await append(store, text(random, random() * size), { pinned: random() < 0.1 });
      }
      const { briefing } = await handOver(store);
      const newest = newestWithoutGap(briefing);
      const read: number[] = [];
      let cursor = briefing.nextCursor;
      while (cursor !== undefined) {
        const page = await store.getContext({ sessionKey: 'work', cursor, limit: 100, maxTokens: 100_000 });
        read.unshift(...page.entries.map(({ sequence }) => sequence));
        cursor = page.nextCursor;
      }
      expect([...read, ...newest]).toEqual(Array.from({ length: 100 }, (_, index) => index + 1));
      expect(briefing.omitted.entries).toBe(100 - briefing.entries.length);
    },
  );

  it('keeps pinned entries before newer ones, and names those that do not fit', async () => {
    const store = await opened();
    await append(store, 'the goal', { pinned: true });
    for (let index = 0; index < 30; index += 1)
      await append(store, `fact ${index} ${'x'.repeat(900)}`, { pinned: true });
    for (let index = 0; index < 100; index += 1) await append(store, `noise ${index} ${'y'.repeat(300)}`);
    const { briefing } = await store.getBriefing({ sessionKey: 'work' });
    const pinned = briefing.entries.filter(({ pinned: isPinned }) => isPinned);
    expect(pinned.length).toBeGreaterThan(4);
    expect(pinned.map(({ content }) => content)).toContain('the goal');
    expect(new TextEncoder().encode(JSON.stringify(pinned)).length / 3.5).toBeLessThanOrEqual(2000);
    expect(briefing.pinnedOmitted?.length).toBeGreaterThan(0);
    expect(briefing.pinnedOmitted?.[0]).toMatchObject({ preview: expect.stringMatching(/^fact /) as string });
    const shown = new Set(briefing.entries.map(({ sequence }) => sequence));
    expect(briefing.pinnedOmitted?.some(({ sequence }) => shown.has(sequence))).toBe(false);
  });

  it('uses most of its budget', async () => {
    const store = await opened();
    for (let index = 0; index < 300; index += 1) await append(store, `note ${index} `.repeat(10));
    for (const maxTokens of [1000, 4000, 20_000]) {
      const { briefing } = await store.getBriefing({ sessionKey: 'work', maxTokens });
      expect(tokensOf(briefing)).toBeGreaterThan(maxTokens * 0.7);
    }
  });

  it('shows a text that was pinned twice only once', async () => {
    const store = await opened();
    for (const content of ['the goal', 'the plan', 'the goal', 'the goal'])
      await append(store, content, { pinned: true });
    for (let index = 0; index < 400; index += 1) await append(store, `noise ${index} ${'y'.repeat(300)}`);
    const { briefing } = await handOver(store);
    const pinned = briefing.entries.filter((entry) => entry.pinned);
    expect(pinned.map(({ sequence, content }) => [sequence, content])).toEqual([
      [2, 'the plan'],
      [4, 'the goal'],
    ]);
    expect(briefing.omitted.pinned).toBe(2);
  });

  it.each([
    ['all of them', 20],
    ['half of them', 10],
    ['none', 0],
  ])('keeps 20 pinned facts through 10 handoffs to agents that pin %s again', async (_which, repeated) => {
    const store = await opened();
    const facts = Array.from({ length: 20 }, (_, index) => `Fact ${index}: ${'what everyone must know, '.repeat(3)}`);
    for (const content of facts) await append(store, content, { pinned: true });
    let agent = 'planner';
    let given: string[] = [];
    for (let round = 1; round <= 10; round += 1) {
      const next = `agent-${round}`;
      for (let index = 0; index < 40; index += 1) await append(store, `work ${round}/${index} `.repeat(20), { agent });
      const { handoff } = await store.requestHandoff({
        sessionKey: 'work',
        requestType: 'full_handoff',
        summary: `Round ${round} is done.`,
        agent,
      });
      const { briefing } = await store.acceptHandoff({ handoffId: handoff.handoffId, agent: next });
      agent = next;
      given = briefing.entries.filter(({ pinned }) => pinned).map(({ content }) => content);
      for (const content of given.slice(0, repeated)) await append(store, content, { agent, pinned: true });
    }
    expect(given.toSorted()).toEqual(facts.toSorted());
  });

  it('needs one read of a bounded number of rows, however long the log is', async () => {
    const reads: [number, number][] = [];
    const memory = createMemoryStore();
    const counted = mapStore(memory, async ({ operation, run }) => {
      const answer = await run();
      if (operation.startsWith('read'))
        reads.push([(answer as BriefingSource).pinned.length, (answer as BriefingSource).newest.length]);
      return answer;
    });
    const store = createContextStore({ store: { ...memory, ...counted } }, { agent: 'planner' });
    await store.registerSession({ sessionKey: 'work' });
    for (let index = 0; index < 3000; index += 1) await append(store, `${index}`, { pinned: index % 2 === 0 });
    for (const maxTokens of [400, 4000, 200_000]) await store.getBriefing({ sessionKey: 'work', maxTokens });
    expect(reads).toEqual([
      [200, 11],
      [200, 108],
      [1000, 400],
    ]);
  });
});

/** Returns the gapless run of sequences at the end of a briefing. */
function newestWithoutGap({ entries, uptoSequence }: Briefing): number[] {
  const newest: number[] = [];
  const shown = new Set(entries.map(({ sequence }) => sequence));
  for (let sequence = uptoSequence; shown.has(sequence); sequence -= 1) newest.unshift(sequence);
  return newest;
}

function pseudoRandom(seed: number): () => number {
  let state = seed;
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state / 2 ** 32;
  };
}

function text(random: () => number, length: number): string {
  const alphabet = ['a', 'b', ' ', 'ö', '€', '🚀', '"', '\\', '\n', '\t', '\u0001', '\u2028'];
  return `.${Array.from({ length: Math.floor(length) }, () => alphabet[Math.floor(random() * alphabet.length)]).join('')}`;
}
