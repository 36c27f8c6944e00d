import { contextTypes, createContextStore, type Briefing, type Store, type UseCaseResult } from '@org/domain';
import * as fc from 'fast-check';
import { expect, it } from 'vitest';
import { createMemoryStore } from '../../src/memory-store/memory-store.js';
import { playSeeds } from '../../src/play-seeds.js';

/** The beginning of every entry's content: the test finds it in a text that repeats an entry. */
const mark = '⟦entry⟧';

const pieces = ['a', 'word ', 'ö', '€', '漢', '🚀', '"', '\\\\', '\n', '\t', '\u0001', '\u007f', '\u2028', '</script>'];
const text = (maxPieces: number): fc.Arbitrary<string> =>
  fc.oneof(
    fc.array(fc.constantFrom(...pieces), { maxLength: maxPieces, size: 'max' }).map((parts) => parts.join('')),
    // Repeats one piece, because the length of its JSON form decides how much fits.
    fc.tuple(fc.constantFrom(...pieces), fc.nat(maxPieces)).map(([piece, times]) => piece.repeat(times)),
    fc.json({ maxDepth: 2 }).filter((json) => json.isWellFormed() && !json.includes('\0')),
  );

const entry = fc.record({
  contextType: fc.constantFrom(...contextTypes),
  content: fc.oneof({ weight: 9, arbitrary: text(60) }, { weight: 1, arbitrary: text(8000) }),
  metadata: fc.oneof(
    { weight: 8, arbitrary: fc.constant({}) },
    { weight: 2, arbitrary: text(300).map((blob) => ({ blob })) },
  ),
  pinned: fc.oneof({ weight: 2, arbitrary: fc.constant(false) }, { weight: 1, arbitrary: fc.constant(true) }),
});
const maybeText = (maxPieces: number): fc.Arbitrary<string | undefined> =>
  fc.option(
    text(maxPieces).map((given) => `.${given}`.slice(0, maxPieces).toWellFormed()),
    { nil: undefined },
  );

const session = fc.record({
  maxTokens: fc.oneof(fc.constant(1200), fc.integer({ min: 1200, max: 3000 }), fc.integer({ min: 1200, max: 20_000 })),
  // A title of characters that JSON escapes makes the longest text.
  title: fc.oneof(maybeText(90), fc.constant('\u0001'.repeat(90))),
  summary: maybeText(3000),
  instructions: maybeText(3000),
  longNames: fc.boolean(),
  before: fc.array(entry, { maxLength: 50, size: 'max' }),
  after: fc.array(entry, { maxLength: 3 }),
});
type Session = typeof session extends fc.Arbitrary<infer Value> ? Value : never;

it('the budget covers all of an acceptance, and its numbers add up, for random sessions', async () => {
  const property = fc.asyncProperty(session, async (given) => {
    const { first, again } = await acceptTwice(given);
    expectWithinBudget(first, given.maxTokens);
    expectSums(first.briefing, given);
    expectEntriesOfTheLog(first.briefing, given);
    expect(first.briefing.text).not.toContain(mark);
    expect(again.briefing).toEqual(first.briefing);
  });
  await playSeeds({ variables: 'BRIEFING', runs: 1000 }, ({ seed, runs }) =>
    fc.assert(property, { seed, numRuns: runs, plugins: [fc.unbiased()] }),
  );
}, 120_000);

type Acceptance = UseCaseResult<'acceptHandoff'>;

/** Returns the answers to an acceptance and to its repetition, for which the store reads no more than it must. */
async function acceptTwice({ maxTokens, title, summary, instructions, longNames, before, after }: Session): Promise<{
  first: Acceptance;
  again: Acceptance;
}> {
  const sessionKey = longNames ? 'k'.repeat(128) : 'work';
  const agent = longNames ? 'a'.repeat(128) : 'planner';
  const acceptor = longNames ? 'b'.repeat(128) : 'implementer';
  const options = { agent, namespace: longNames ? 'n'.repeat(128) : undefined };
  const memory = createMemoryStore();
  const store = createContextStore({ store: memory }, options);
  const frugal = createContextStore({ store: leavingOut(memory) }, options);
  await store.registerSession({ sessionKey, title });
  const append = async (entries: Session['before']): Promise<void> => {
    for (const { content, ...rest } of entries) {
      await store.updateContext({ sessionKey, content: `${mark}${content}`, ...rest });
    }
  };
  await append(before);
  const { handoff } = await store.requestHandoff({
    sessionKey,
    requestType: 'full_handoff',
    summary,
    instructions,
  });
  await append(after);
  const claim = { handoffId: handoff.handoffId, agent: acceptor, maxTokens };
  return { first: await store.acceptHandoff(claim), again: await frugal.acceptHandoff(claim) };
}

/** A store that leaves out of a briefing all that `enoughBytes` lets it leave out. */
const leavingOut = (store: Store): Store => ({
  ...store,
  readBriefing: async (request) => {
    const { enoughBytes } = request;
    const source = await store.readBriefing(request);
    if (enoughBytes === undefined) return source;
    let bytes = 0;
    const newest = source.newest.filter(({ contentBytes }) => {
      const isNeeded = bytes < enoughBytes.total;
      bytes += Math.min(contentBytes, enoughBytes.each);
      return isNeeded;
    });
    return { ...source, newest };
  },
});

const bytesOf = (value: unknown): number => new TextEncoder().encode(JSON.stringify(value)).length;
const tokensOf = (content: string): number => Math.ceil(new TextEncoder().encode(content).length / 3.5);

function expectWithinBudget(answer: Acceptance, maxTokens: number): void {
  const { briefing } = answer;
  expect(bytesOf(answer) / 3.5).toBeLessThanOrEqual(maxTokens);
  expect(briefing.estimatedTokens).toBe(Math.ceil(bytesOf(briefing) / 3.5));
}

function expectSums({ entries, omitted, pinnedOmitted = [], ...briefing }: Briefing, { before, after }: Session): void {
  expect(briefing).toMatchObject({ uptoSequence: before.length, newSince: after.length });
  expect(entries.length + omitted.entries).toBe(before.length);
  const pins = before.filter(({ pinned }) => pinned).length;
  const shownPins = entries.filter(({ pinned }) => pinned).length;
  expect(shownPins + pinnedOmitted.length + (omitted.pinned ?? 0)).toBe(pins);
  const all = before.reduce((sum, { content }) => sum + tokensOf(`${mark}${content}`), 0);
  const shown = entries.reduce((sum, { content }) => sum + tokensOf(content), 0);
  expect(omitted.estimatedTokens).toBe(Math.max(0, all - shown));
}

function expectEntriesOfTheLog({ entries, pinnedOmitted = [] }: Briefing, { before }: Session): void {
  const sequences = entries.map(({ sequence }) => sequence);
  expect(sequences).toEqual([...new Set(sequences)].toSorted((a, b) => a - b));
  for (const shown of entries) {
    const logged = `${mark}${before[shown.sequence - 1]?.content}`;
    expect(shown.truncated ? logged.startsWith(shown.content) : logged === shown.content).toBe(true);
    expect(shown.pinned ?? false).toBe(before[shown.sequence - 1]?.pinned);
  }
  for (const { sequence } of pinnedOmitted) {
    expect(before[sequence - 1]?.pinned).toBe(true);
    expect(sequences).not.toContain(sequence);
  }
}
