import { describe, expect, it } from 'vitest';
import { createContextStore, type ContextStore, type UseCaseInput } from '../context-store.js';
import type { Briefing } from '../model/briefing.js';
import { createMemoryStore } from '../testing/memory-store.js';

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

/** Counts by itself, on purpose not with the function that the code under test counts with. */
const tokensOf = (briefing: Briefing): number => new TextEncoder().encode(JSON.stringify(briefing)).length / 3.5;

describe('a briefing', () => {
  it('holds a short session whole, and what its giver says', async () => {
    const store = await opened();
    await append(store, 'first');
    await append(store, 'decided: SQLite', { pinned: true });
    const { briefing, handoff } = await handOver(store, { summary: 'Half done.', instructions: 'Finish it.' });
    expect(briefing.entries.map(({ content }) => content)).toEqual(['first', 'decided: SQLite']);
    expect(briefing).toMatchObject({ omitted: { entries: 0, estimatedTokens: 0 }, uptoSequence: 2, newSince: 0 });
    expect(briefing.nextCursor).toBeUndefined();
    expect(briefing.text).toContain('Instructions from planner:\nFinish it.');
    expect(briefing.text).toContain('Summary from planner:\nHalf done.');
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

  it('covers the log as it was when the handoff was requested, and counts what came since', async () => {
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
    const { briefing } = await handOver(store);
    const pinned = briefing.entries.filter(({ pinned: isPinned }) => isPinned);
    expect(pinned.length).toBeGreaterThan(4);
    expect(pinned.map(({ content }) => content)).toContain('the goal');
    expect(new TextEncoder().encode(JSON.stringify(pinned)).length / 3.5).toBeLessThanOrEqual(2000);
    expect(briefing.pinnedOmitted?.length).toBeGreaterThan(0);
    expect(briefing.pinnedOmitted?.[0]).toMatchObject({ preview: expect.stringMatching(/^fact /) as string });
    const shown = new Set(briefing.entries.map(({ sequence }) => sequence));
    expect(briefing.pinnedOmitted?.some(({ sequence }) => shown.has(sequence))).toBe(false);
  });

  it('uses the budget that it is given', async () => {
    const store = await opened();
    for (let index = 0; index < 300; index += 1) await append(store, `note ${index} `.repeat(10));
    for (const maxTokens of [1000, 4000, 20_000]) {
      const { briefing } = await store.getBriefing({ sessionKey: 'work', maxTokens });
      expect(tokensOf(briefing)).toBeGreaterThan(maxTokens * 0.7);
    }
  });

  it.each(seeds())('never exceeds its budget (seed %i)', async (seed) => {
    const random = pseudoRandom(seed);
    const store = await opened();
    const count = Math.floor(random() * 60);
    for (let index = 0; index < count; index += 1) {
      const metadata = random() < 0.1 ? { blob: text(random, random() * 3000) } : {};
      await append(store, text(random, random() < 0.1 ? random() * 40_000 : random() * 400), {
        metadata,
        pinned: random() < 0.3,
      });
    }
    const maxTokens = 400 + Math.floor(random() * random() * 8000);
    const { briefing } = await handOver(
      store,
      { summary: text(random, random() * 4000), instructions: text(random, random() * 4000) },
      maxTokens,
    );
    expect(tokensOf(briefing)).toBeLessThanOrEqual(maxTokens);
    expect(briefing.estimatedTokens - tokensOf(briefing)).toBeGreaterThanOrEqual(0);
    expect(briefing.estimatedTokens - tokensOf(briefing)).toBeLessThan(2);
    const order = briefing.entries.map(({ sequence }) => sequence);
    expect(order).toEqual([...new Set(order)].toSorted((a, b) => a - b));
  });
});

/** The sequences that end a briefing, as far back as they follow each other. */
function newestWithoutGap({ entries, uptoSequence }: Briefing): number[] {
  const newest: number[] = [];
  const shown = new Set(entries.map(({ sequence }) => sequence));
  for (let sequence = uptoSequence; shown.has(sequence); sequence -= 1) newest.unshift(sequence);
  return newest;
}

function seeds(): number[] {
  return Array.from({ length: 200 }, (_, index) => index + 1);
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
