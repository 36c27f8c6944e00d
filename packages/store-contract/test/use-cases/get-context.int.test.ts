import {
  createContextStore,
  estimateTokens,
  type ContextStore,
  type UseCaseInput,
  type UseCaseResult,
} from '@org/domain';
import { beforeEach, describe, expect, it } from 'vitest';
import { createMemoryStore } from '../../src/memory-store/memory-store.js';

const estimateJsonTokens = (value: unknown): number => estimateTokens(Buffer.byteLength(JSON.stringify(value)));

let store: ContextStore;
const append = (content: string, more: Partial<UseCaseInput<'updateContext'>> = {}): Promise<unknown> =>
  store.updateContext({ sessionKey: 'work', contextType: 'message', content, ...more });
const read = (more: Partial<UseCaseInput<'getContext'>> = {}): Promise<UseCaseResult<'getContext'>> =>
  store.getContext({ sessionKey: 'work', ...more });
const sequences = ({ entries }: UseCaseResult<'getContext'>): number[] => entries.map(({ sequence }) => sequence);
const upTo = (last: number, first = 1): number[] =>
  Array.from({ length: last - first + 1 }, (_, index) => first + index);

async function readOn(more: Partial<UseCaseInput<'getContext'>> = {}): Promise<number[][]> {
  const pages: number[][] = [];
  for (
    let page = await read(more);
    ;
    page = await read({ ...more, order: undefined, afterSequence: undefined, cursor: page.nextCursor })
  ) {
    pages.push(sequences(page));
    if (page.nextCursor === undefined) return pages;
  }
}

beforeEach(async () => {
  store = createContextStore({ store: createMemoryStore() }, { agent: 'planner' });
  await store.registerSession({ sessionKey: 'work' });
});

describe('getContext', () => {
  it('shows the newest 20 entries in ascending order, and pages back to the first', async () => {
    for (const index of upTo(50)) await append(`note ${index}`);
    const page = await read();
    expect(sequences(page)).toEqual(upTo(50, 31));
    expect(page.lastSequence).toBe(50);
    expect(await readOn()).toEqual([upTo(50, 31), upTo(30, 11), upTo(10)]);
  });

  it('reads forward from a sequence, and newest first', async () => {
    for (const index of upTo(7)) await append(`note ${index}`);
    expect(await readOn({ afterSequence: 2, limit: 3 })).toEqual([
      [3, 4, 5],
      [6, 7],
    ]);
    expect(await readOn({ order: 'asc', limit: 4 })).toEqual([
      [1, 2, 3, 4],
      [5, 6, 7],
    ]);
    expect(await readOn({ order: 'desc', limit: 4 })).toEqual([
      [7, 6, 5, 4],
      [3, 2, 1],
    ]);
    expect(await readOn({ order: 'desc', afterSequence: 4, limit: 2 })).toEqual([[7, 6], [5]]);
  });

  it('says that nothing is new in a constant, small answer', async () => {
    await append('x');
    expect(await read({ afterSequence: 1 })).toEqual({ sessionKey: 'work', entries: [], lastSequence: 1 });
  });

  it('finds entries by type through a long log, on pages that may be short', async () => {
    await append('first', { contextType: 'file' });
    for (const index of upTo(4200)) await append(`${index}`);
    const pages = await readOn({ types: ['file'], order: 'desc' });
    expect(pages.flat()).toEqual([1]);
    expect(pages.length).toBe(3);
  });

  it('stays within its token budget, and its pages show every entry', async () => {
    for (const index of upTo(40)) await append(`${index} ${'lorem ipsum '.repeat(50)}`);
    const pages = await readOn({ maxTokens: 1000 });
    expect(pages.flat().toSorted((a, b) => a - b)).toEqual(upTo(40));
    expect(estimateJsonTokens((await read({ maxTokens: 1000 })).entries)).toBeLessThanOrEqual(1000);
  });

  it('cuts long content to a preview, and reads it whole piece by piece', async () => {
    const content = Array.from({ length: 5000 }, (_, index) => `${index} 🚀 "quoted"\n`).join('');
    await append('before');
    await append(content);
    await append('after');
    const page = await read();
    expect(sequences(page)).toEqual([1, 2, 3]);
    const preview = page.entries[1];
    expect(preview).toMatchObject({ truncated: true, contentBytes: Buffer.byteLength(content) });
    expect(content.startsWith(preview?.content ?? '?')).toBe(true);

    let whole = '';
    let contentOffset: number | undefined = 0;
    while (contentOffset !== undefined) {
      const { entries } = await read({ afterSequence: 1, limit: 1, contentOffset, maxTokens: 4000 });
      expect(estimateJsonTokens(entries)).toBeLessThanOrEqual(4000);
      whole += entries[0]?.content ?? '';
      contentOffset = entries[0]?.nextContentOffset;
    }
    expect(whole).toBe(content);
  });

  it.each(['x', 'ж', '"', '漢', '🚀'])('reads a long content of %s to its end', async (character) => {
    const content = character.repeat(20_000);
    await append(content);
    let whole = '';
    let contentOffset: number | undefined = 0;
    for (let reads = 0; contentOffset !== undefined && reads < 50; reads += 1) {
      const { entries } = await read({ afterSequence: 0, limit: 1, contentOffset, maxTokens: 1500 });
      whole += entries[0]?.content ?? '';
      contentOffset = entries[0]?.nextContentOffset;
    }
    expect(whole).toBe(content);
  });

  it('skips no entry, however long its names', async () => {
    const agent = 'a'.repeat(128);
    await store.registerSession({ sessionKey: 'k'.repeat(128), agent });
    for (let index = 0; index < 5; index += 1) {
      const metadata = { m: 'y'.repeat(290) };
      await store.updateContext({
        sessionKey: 'k'.repeat(128),
        agent,
        contextType: 'tool_call',
        content: 'x'.repeat(2000),
        metadata,
        pinned: true,
      });
    }
    const seen: number[] = [];
    let page = await store.getContext({ sessionKey: 'k'.repeat(128), maxTokens: 400, order: 'asc' });
    seen.push(...sequences(page));
    while (page.nextCursor !== undefined) {
      page = await store.getContext({ sessionKey: 'k'.repeat(128), maxTokens: 400, cursor: page.nextCursor });
      seen.push(...sequences(page));
    }
    expect(seen).toEqual(upTo(5));
  });

  it('shows at least one entry on every page', async () => {
    await append('x', { metadata: { big: 'y'.repeat(60_000) } });
    await append('z'.repeat(60_000), { metadata: { big: 'y'.repeat(60_000) } });
    const page = await read({ maxTokens: 400 });
    expect(page.entries.length).toBeGreaterThan(0);
    expect(page.entries.every(({ metadataOmitted }) => metadataOmitted)).toBe(true);
    expect(estimateJsonTokens(page.entries)).toBeLessThanOrEqual(400);
    expect((await readOn({ maxTokens: 400 })).flat().toSorted((a, b) => a - b)).toEqual([1, 2]);
    const alone = await read({ afterSequence: 0, limit: 1, maxTokens: 40_000 });
    expect(alone.entries[0]?.metadata).toEqual({ big: 'y'.repeat(60_000) });
  });

  it('refuses arguments that contradict each other', async () => {
    for (const index of upTo(3)) await append(`${index}`);
    const { nextCursor: cursor } = await read({ limit: 1 });
    for (const contradiction of [
      { cursor, afterSequence: 1 },
      { cursor, order: 'asc' as const },
      { cursor, types: ['file' as const] },
      { contentOffset: 3 },
      { cursor: 'x' },
      { cursor: Buffer.from('["a",1]').toString('base64url') },
    ]) {
      await expect(read(contradiction)).rejects.toMatchObject({ code: 'VALIDATION_ERROR' });
    }
  });

  it('refuses the cursor of another session', async () => {
    for (const index of upTo(3)) await append(`${index}`);
    await store.registerSession({ sessionKey: 'other' });
    const { nextCursor: cursor } = await read({ limit: 1 });
    await expect(store.getContext({ sessionKey: 'other', cursor })).rejects.toMatchObject({ code: 'VALIDATION_ERROR' });
  });

  it('refuses the cursor of an earlier session of the same key', async () => {
    for (const index of upTo(3)) await append(`${index}`);
    const { nextCursor: cursor } = await read({ limit: 1 });
    store = createContextStore({ store: createMemoryStore() }, { agent: 'planner' });
    await store.registerSession({ sessionKey: 'work' });
    await expect(read({ cursor })).rejects.toMatchObject({ code: 'VALIDATION_ERROR' });
  });
});

describe('getContext with unread', () => {
  const unread = (more: Partial<UseCaseInput<'getContext'>> = {}): Promise<UseCaseResult<'getContext'>> =>
    read({ unread: true, ...more });

  it('shows the entries after the mark, oldest first, until they are acknowledged', async () => {
    for (const index of upTo(30)) await append(`note ${index}`);
    expect(sequences(await unread())).toEqual(upTo(20));
    // The answer got lost.
    expect(sequences(await unread())).toEqual(upTo(20));
    expect(sequences(await unread({ ackSequence: 20 }))).toEqual(upTo(30, 21));
    expect(sequences(await unread())).toEqual(upTo(30, 21));
    // The agent wants to read again.
    expect(sequences(await unread({ ackSequence: 5, limit: 100 }))).toEqual(upTo(30, 6));
    expect(sequences(await unread({ ackSequence: 0, limit: 100 }))).toEqual(upTo(30));
  });

  it('says that nothing is new in a constant answer, without reading entries', async () => {
    const memory = createMemoryStore();
    let reads = 0;
    const readEntries: typeof memory.readEntries = (request) => {
      reads += 1;
      return memory.readEntries(request);
    };
    store = createContextStore({ store: { ...memory, readEntries } }, { agent: 'planner' });
    await store.registerSession({ sessionKey: 'work' });
    for (const index of upTo(30)) await append(`note ${index}`, { metadata: { big: 'x'.repeat(1000) } });
    const first = await unread({ ackSequence: 30 });
    const answers = [first, await unread(), await unread({ types: ['file'], limit: 100, maxTokens: 100_000 })];
    for (const answer of answers) {
      expect(JSON.stringify(answer)).toBe('{"sessionKey":"work","entries":[],"lastSequence":30}');
    }
    expect(estimateJsonTokens(first)).toBe(15);
    expect(reads).toBe(0);
    await append('new');
    expect(sequences(await unread())).toEqual([31]);
    expect(reads).toBe(1);
  });

  it('keeps a mark for each agent, which only ackSequence moves', async () => {
    for (const index of upTo(4)) await append(`note ${index}`);
    expect(sequences(await unread({ agent: 'a', ackSequence: 3 }))).toEqual([4]);
    expect(sequences(await unread({ agent: 'b' }))).toEqual([1, 2, 3, 4]);
    await read({ agent: 'b', limit: 100 });
    expect(sequences(await unread({ agent: 'b' }))).toEqual([1, 2, 3, 4]);
    expect(sequences(await read({ agent: 'b', ackSequence: 2, afterSequence: 0 }))).toEqual([1, 2, 3, 4]);
    expect(sequences(await unread({ agent: 'b' }))).toEqual([3, 4]);
    expect(sequences(await unread({ agent: 'a' }))).toEqual([4]);
  });

  it('reads on by nextCursor, page by page', async () => {
    for (const index of upTo(10)) await append(`note ${index}`);
    await unread({ ackSequence: 3 });
    const first = await unread({ limit: 4 });
    expect(sequences(first)).toEqual([4, 5, 6, 7]);
    const second = await read({ cursor: first.nextCursor, ackSequence: 7, limit: 4 });
    expect(sequences(second)).toEqual([8, 9, 10]);
    expect(second.nextCursor).toBeUndefined();
    expect(sequences(await unread())).toEqual([8, 9, 10]);
  });

  it('finds the requested types, and says where to read on, within its token budget', async () => {
    for (const index of upTo(9))
      await append(`${index} ${'x'.repeat(3000)}`, { contextType: index % 2 ? 'file' : 'system' });
    await unread({ ackSequence: 2 });
    expect(sequences(await unread({ types: ['file'] }))).toEqual([3, 5, 7, 9]);
    const small = await unread({ types: ['file'], maxTokens: 400 });
    expect(estimateJsonTokens(small.entries)).toBeLessThanOrEqual(400);
    expect(small.entries[0]).toMatchObject({ sequence: 3, truncated: true });
    const rest = await read({ cursor: small.nextCursor });
    expect(sequences(rest)).toEqual([3, 5, 7, 9].slice(small.entries.length));
  });

  it('refuses to acknowledge entries that the log does not have, and keeps the mark', async () => {
    await append('note');
    await expect(unread({ ackSequence: 2 })).rejects.toMatchObject({
      code: 'VALIDATION_ERROR',
      details: { lastSequence: 1 },
    });
    expect(sequences(await unread())).toEqual([1]);
  });

  it('refuses arguments that contradict each other', async () => {
    for (const index of upTo(3)) await append(`${index}`);
    const { nextCursor: cursor } = await read({ limit: 1 });
    const contradictions: Partial<UseCaseInput<'getContext'>>[] = [
      { cursor },
      { afterSequence: 1 },
      { order: 'desc' },
      { order: 'asc' },
      { ackSequence: -1 },
      { ackSequence: 1.5 },
      { contentOffset: 1 },
    ];
    for (const contradiction of contradictions) {
      await expect(unread({ ackSequence: 3, ...contradiction })).rejects.toMatchObject({ code: 'VALIDATION_ERROR' });
    }
    await expect(read({ ackSequence: 3, cursor: 'made-up' })).rejects.toMatchObject({ code: 'VALIDATION_ERROR' });
    // None of them has acknowledged anything.
    expect(sequences(await unread())).toEqual([1, 2, 3]);
  });

  it('needs an agent', async () => {
    const unnamed = createContextStore({ store: createMemoryStore() });
    await unnamed.registerSession({ sessionKey: 'work', agent: 'planner' });
    await expect(unnamed.getContext({ sessionKey: 'work', unread: true })).rejects.toMatchObject({
      details: { issues: [{ path: 'agent' }] },
    });
    await expect(unnamed.getContext({ sessionKey: 'work' })).resolves.toMatchObject({ entries: [] });
  });
});
