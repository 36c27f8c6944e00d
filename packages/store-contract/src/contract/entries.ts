import { contextTypes, type EntryRecord, type ReadEntries } from '@org/domain';
import { describe, expect } from 'vitest';
import { expectRefusal, once, type ScenarioTest, type StoreScenario } from '../store-scenario.js';

const mebibyte = 1024 * 1024;

export function describeEntries(test: ScenarioTest): void {
  describe('the log', () => {
    test('keeps every field of every type', async (s) => {
      await s.createSession();
      const content = 'line\n\ttab "quotes" \\ 日本語 – 🚀 e\u0301 \u2028 </script>';
      const numbers = [-1.5, 0.30000000000000004, Number.MAX_SAFE_INTEGER, 2 ** 60, 1e300, 5e-324];
      const metadata = { path: 'src/ä.ts', numbers, deep: [{ x: null }], '': '' };
      for (const contextType of contextTypes) {
        await s.append({
          contextType,
          content,
          contentBytes: 99,
          estimatedTokens: 7,
          metadata,
          pinned: contextType === 'file',
        });
      }
      const { entries, session } = await s.readEntries();
      expect(session.lastSequence).toBe(contextTypes.length);
      expect(entries).toEqual(
        contextTypes.map((contextType, index) => ({
          sequence: index + 1,
          contextType,
          agent: 'planner',
          epoch: 1,
          content,
          contentCut: false,
          contentBytes: 99,
          estimatedTokens: 7,
          metadata,
          pinned: contextType === 'file',
          createdAtMs: entries[index]?.createdAtMs,
        })),
      );
    });

    test('keeps a content of one mebibyte unchanged', async (s) => {
      await s.createSession();
      const content = '€uro🚀'.repeat(mebibyte / 10 + 1).slice(0, mebibyte / 2);
      await s.append({ content });
      expect((await s.readEntries()).entries[0]?.content).toBe(content);
    });

    test('cuts content at code points, as requested', async (s) => {
      await s.createSession();
      await s.append({ content: 'a🚀b🚀c' });
      const part = async (contentOffset: number, maxContentLength: number): Promise<[string, boolean]> => {
        const { entries } = await s.readEntries({ contentOffset, maxContentLength });
        return [entries[0]?.content ?? '', entries[0]?.contentCut ?? false];
      };
      expect(await part(0, 2)).toEqual(['a🚀', true]);
      expect(await part(1, 2)).toEqual(['🚀b', true]);
      expect(await part(3, 2)).toEqual(['🚀c', false]);
      expect(await part(0, 5)).toEqual(['a🚀b🚀c', false]);
      expect(await part(9, 5)).toEqual(['', false]);
    });

    test('answers an append with the entry as it was written', async (s) => {
      await s.createSession();
      const appended = await s.append({ content: 'abc', estimatedTokens: 1 });
      expect(appended).toMatchObject({ sequence: 1, contentBytes: 3, estimatedTokens: 1, epoch: 1, replayed: false });
      const { entries } = await s.readEntries();
      expect(entries[0]?.createdAtMs).toBe(appended.createdAtMs);
    });

    describeConcurrentAppends(test);
    describePages(test);
    describeRetries(test);
    describeBriefingSource(test);
  });
}

function describeConcurrentAppends(test: ScenarioTest): void {
  test('is gapless under 32 concurrent appenders', async (s) => {
    await s.createSession();
    const sequences = await Promise.all(
      Array.from({ length: 32 }, async (_, appender) => {
        const own: number[] = [];
        for (let turn = 0; turn < 5; turn += 1) {
          own.push((await s.append({ content: `${appender}/${turn}` })).sequence);
        }
        expect(own).toEqual(own.toSorted((a, b) => a - b));
        return own;
      }),
    );
    expect(sequences.flat().toSorted((a, b) => a - b)).toEqual(Array.from({ length: 160 }, (_, index) => index + 1));
    const contents = (await collect(s, { limit: 50 })).map(({ content }) => content);
    expect(new Set(contents).size).toBe(160);
  });

  test('of each session is gapless while many sessions are written', async (s) => {
    const keys = ['a', 'b', 'c', 'd'];
    await Promise.all(keys.map((sessionKey) => s.createSession({ sessionKey })));
    await Promise.all(Array.from({ length: 40 }, (_, index) => s.append({ sessionKey: keys[index % 4] ?? 'a' })));
    for (const sessionKey of keys) {
      const { entries } = await s.readEntries({ sessionKey });
      expect(entries.map(({ sequence }) => sequence)).toEqual(Array.from({ length: 10 }, (_, index) => index + 1));
    }
  });

  test('takes one of two appends with the same expected sequence', async (s) => {
    await s.createSession();
    await s.append({ expectedSequence: 0 });
    await expectRefusal(s.append({ expectedSequence: 0 }), 'SEQUENCE_CONFLICT');
    await expectRefusal(s.append({ expectedSequence: 2 }), 'SEQUENCE_CONFLICT');
    const race = await Promise.allSettled(Array.from({ length: 8 }, () => s.append({ expectedSequence: 1 })));
    expect(race.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
    expect((await s.readSession()).lastSequence).toBe(2);
  });

  test('keeps the good appends of a burst in which others are refused', async (s) => {
    await s.createSession();
    const burst = await Promise.allSettled(
      Array.from({ length: 20 }, (_, index) => s.append(index % 2 === 0 ? {} : { agent: 'outsider' })),
    );
    expect(burst.filter(({ status }) => status === 'fulfilled')).toHaveLength(10);
    expect((await s.readEntries()).entries.map(({ sequence }) => sequence)).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9, 10]);
  });
}

function describePages(test: ScenarioTest): void {
  test('is read in both directions, between bounds', async (s) => {
    await s.createSession();
    await s.appendMany(10);
    const sequences = async (request: Partial<ReadEntries>): Promise<number[]> =>
      (await s.readEntries(request)).entries.map(({ sequence }) => sequence);
    expect(await sequences({ afterSequence: 3, limit: 3 })).toEqual([4, 5, 6]);
    expect(await sequences({ direction: 'descending', limit: 3 })).toEqual([10, 9, 8]);
    expect(await sequences({ direction: 'descending', beforeSequence: 8, limit: 3 })).toEqual([7, 6, 5]);
    expect(await sequences({ direction: 'descending', beforeSequence: 8, afterSequence: 5, limit: 9 })).toEqual([7, 6]);
    expect(await sequences({ afterSequence: 10 })).toEqual([]);
    expect(await sequences({ afterSequence: 999 })).toEqual([]);
    expect(await sequences({ direction: 'descending', beforeSequence: 1 })).toEqual([]);
    expect(await sequences({ direction: 'descending', beforeSequence: 999, limit: 1 })).toEqual([10]);
  });

  test('is read whole, each entry once, page by page while others write', async (s) => {
    await s.createSession();
    await s.appendMany(30);
    const writing = s.appendMany(30);
    const read = await collect(s, { limit: 7 });
    await writing;
    expect(read.map(({ sequence }) => sequence)).toEqual(read.map((_, index) => index + 1));
    expect(read.length).toBeGreaterThanOrEqual(30);
  });

  test('is filtered by type', async (s) => {
    await s.createSession();
    for (let index = 0; index < 9; index += 1) await s.append({ contextType: contextTypes[index % 3] ?? 'message' });
    const { entries, scanned } = await s.readEntries({ types: ['file', 'tool_call'], limit: 3 });
    expect(entries.map(({ sequence }) => sequence)).toEqual([2, 3, 5]);
    expect(scanned).toEqual({ first: 1, last: 9 });
    const newest = await s.readEntries({ types: ['message'], direction: 'descending', limit: 2 });
    expect(newest.entries.map(({ sequence }) => sequence)).toEqual([7, 4]);
    expect((await s.readEntries({ types: ['system'] })).entries).toEqual([]);
  });
}

function describeRetries(test: ScenarioTest): void {
  test('appends once for one idempotency key, and answers the same', async (s) => {
    await s.createSession();
    const first = await s.append({ idempotency: once('k') });
    await s.append();
    const again = await s.append({ idempotency: once('k') });
    expect(again).toEqual({ ...first, replayed: true });
    expect((await s.readSession()).lastSequence).toBe(2);
    await expectRefusal(s.append({ idempotency: once('k', 'other input') }), 'IDEMPOTENCY_MISMATCH');
  });

  test('appends once when two tries arrive at once', async (s) => {
    await s.createSession();
    const tries = await Promise.all(Array.from({ length: 8 }, () => s.append({ idempotency: once('k') })));
    expect(new Set(tries.map(({ sequence }) => sequence))).toEqual(new Set([1]));
    expect(tries.filter(({ replayed }) => !replayed)).toHaveLength(1);
    expect((await s.append()).sequence).toBe(2);
  });

  test('returns the first answer again after ownership moved, and after the session closed', async (s) => {
    await s.createSession();
    const first = await s.append({ idempotency: once('k'), epoch: 1, expectedSequence: 0 });
    await s.handOver();
    await expectRefusal(s.append(), 'OWNERSHIP_LOST');
    expect(await s.append({ idempotency: once('k'), epoch: 1, expectedSequence: 0 })).toEqual({
      ...first,
      replayed: true,
    });
    await s.updateSession({ agent: 'implementer', state: 'completed' });
    expect(await s.append({ idempotency: once('k') })).toEqual({ ...first, replayed: true });
  });

  test('keeps the keys of agents and sessions apart', async (s) => {
    await s.createSession();
    await s.createSession({ sessionKey: 'other' });
    await s.claim(await s.offer({ requestType: 'collaboration' }), 'helper');
    await s.append({ idempotency: once('k') });
    expect(await s.append({ idempotency: once('k', 'h2'), agent: 'helper' })).toMatchObject({
      sequence: 2,
      replayed: false,
    });
    expect(await s.append({ idempotency: once('k', 'h3'), sessionKey: 'other' })).toMatchObject({
      sequence: 1,
      replayed: false,
    });
  });

  test('does not remember a refusal', async (s) => {
    await s.createSession();
    await expectRefusal(s.append({ idempotency: once('k'), expectedSequence: 1 }), 'SEQUENCE_CONFLICT');
    await s.append();
    expect(await s.append({ idempotency: once('k'), expectedSequence: 1 })).toMatchObject({
      sequence: 2,
      replayed: false,
    });
  });
}

function describeBriefingSource(test: ScenarioTest): void {
  test('gives a briefing the newest and pinned entries and the totals, up to a sequence', async (s) => {
    await s.createSession();
    for (let index = 1; index <= 12; index += 1) {
      await s.append({ content: `entry ${index}`, estimatedTokens: index, pinned: index % 3 === 0 });
    }
    const read = (uptoSequence?: number): ReturnType<typeof s.store.readBriefing> =>
      s.store.readBriefing({
        namespace: s.namespace,
        sessionKey: 'work',
        uptoSequence,
        pinnedLimit: 2,
        newestLimit: 3,
        maxContentLength: 7,
      });
    const now = await read();
    expect(now).toMatchObject({ uptoSequence: 12, estimatedTokens: 78, pinnedCount: 4 });
    expect(now.newest.map(({ sequence }) => sequence)).toEqual([12, 11, 10]);
    expect(now.pinned.map(({ sequence }) => sequence)).toEqual([12, 9]);
    expect(now.pinned.map(({ content, contentCut }) => [content, contentCut])).toEqual([
      ['entry 1', true],
      ['entry 9', false],
    ]);
    const then = await read(8);
    expect(then).toMatchObject({ uptoSequence: 8, estimatedTokens: 36, pinnedCount: 2 });
    expect(then.session.lastSequence).toBe(12);
    expect(then.newest.map(({ sequence }) => sequence)).toEqual([8, 7, 6]);
    expect(then.pinned.map(({ sequence }) => sequence)).toEqual([6, 3]);
  });

  test('leaves out of a briefing at most the entries after those that hold enough', async (s) => {
    await s.createSession();
    for (const length of [5, 5, 5, 50, 5, 5, 5]) await s.append({ content: 'x'.repeat(length), pinned: true });
    const read = async (total: number, newestLimit = 10): Promise<{ pinned: number; newest: number[] }> => {
      const enoughBytes = { total, each: 10 };
      const { pinned, newest } = await s.readBriefing({ pinnedLimit: 10, newestLimit, enoughBytes });
      return { pinned: pinned.length, newest: newest.map(({ sequence }) => sequence) };
    };
    // Bytes counted up to each entry, from the newest: 5, 10, 15, 25, 30, 35, 40.
    const needed = { 1: 1, 5: 1, 6: 2, 15: 3, 16: 4, 25: 4, 26: 5, 40: 7, 41: 7, [2 ** 31 - 1]: 7 };
    for (const [total, entries] of Object.entries(needed)) {
      const { newest, pinned } = await read(Number(total));
      expect(newest).toEqual([7, 6, 5, 4, 3, 2, 1].slice(0, newest.length));
      expect(newest.length).toBeGreaterThanOrEqual(entries);
      expect(pinned).toBe(7);
    }
    expect((await read(100, 2)).newest).toEqual([7, 6]);
  });

  test('counts the pins of a briefing exactly, up to its sequence', async (s) => {
    await s.createSession();
    const pins = [true, false, true, true, false, false, true];
    for (const pinned of pins) await s.append({ pinned });
    await s.appendMany(3, { pinned: true });
    const counted = async (uptoSequence?: number): Promise<number> =>
      (await s.readBriefing({ uptoSequence, pinnedLimit: 1 })).pinnedCount;
    expect(await Promise.all([0, 1, 2, 3, 4, 5, 6, 7, 10, 99].map(counted))).toEqual([0, 1, 1, 2, 3, 3, 3, 4, 7, 7]);
    expect(await counted()).toBe(7);
  });

  test('gives a briefing of an empty log', async (s) => {
    await s.createSession();
    const request = { namespace: s.namespace, sessionKey: 'work', pinnedLimit: 2, newestLimit: 3, maxContentLength: 7 };
    for (const uptoSequence of [undefined, 0]) {
      expect(await s.store.readBriefing({ ...request, uptoSequence })).toMatchObject({
        uptoSequence: 0,
        estimatedTokens: 0,
        newest: [],
        pinned: [],
        pinnedCount: 0,
      });
    }
  });
}

async function collect(s: StoreScenario, request: Partial<ReadEntries>): Promise<EntryRecord[]> {
  const entries: EntryRecord[] = [];
  for (;;) {
    const page = await s.readEntries({ ...request, afterSequence: entries.length });
    if (page.entries.length === 0) return entries;
    entries.push(...page.entries);
  }
}
