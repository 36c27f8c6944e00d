import type { AppendEntry } from '@org/domain';
import { describe, expect, it } from 'vitest';
import { takeBatch, type BatchedAppend } from './append-batch.js';

const append = (session: string, request: Partial<AppendEntry> = {}, isSuspect = false): BatchedAppend => ({
  session,
  isSuspect,
  request: { agent: 'planner', contentBytes: 10, ...request } as AppendEntry,
});

/** The places, in the line, of those that the next batch takes. */
function taken(waiting: readonly BatchedAppend[], busySessions: readonly string[] = []): number[] {
  const { batch, left } = takeBatch(waiting, new Set(busySessions));
  expect(waiting.filter((each) => !batch.includes(each))).toEqual(left);
  return batch.map((each) => waiting.indexOf(each));
}

describe('a batch of appends', () => {
  it('takes the waiting appends of all sessions in their order', () => {
    expect(taken([append('a'), append('b'), append('a')])).toEqual([0, 1, 2]);
    expect(taken([])).toEqual([]);
  });

  it('leaves sessions to the batch that writes to them', () => {
    expect(taken([append('a'), append('b'), append('a')], ['a'])).toEqual([1]);
  });

  it('is bounded in entries and in bytes', () => {
    expect(taken(Array.from({ length: 300 }, () => append('a')))).toHaveLength(256);
    const large = { contentBytes: 1024 * 1024 };
    expect(taken([append('a', large), append('b'), append('c', large)])).toEqual([0]);
    expect(taken([append('b'), append('a', large), append('c')])).toEqual([0, 2]);
  });

  it('never lets an append overtake another of its session', () => {
    expect(taken([append('b'), append('a', { contentBytes: 1024 * 1024 }), append('a')])).toEqual([0]);
  });

  it('holds an append that expects a sequence alone for its session', () => {
    const expecting = { expectedSequence: 3 };
    expect(taken([append('a', expecting), append('a'), append('b')])).toEqual([0, 2]);
    expect(taken([append('a'), append('a', expecting), append('b')])).toEqual([0, 2]);
  });

  it('holds a key of an agent once for a session', () => {
    const keyed = { idempotency: { key: 'k', tool: 'tool', requestHash: 'hash' } };
    expect(taken([append('a', keyed), append('a', keyed), append('b', keyed)])).toEqual([0, 2]);
    expect(taken([append('a', keyed), append('a', { ...keyed, agent: 'other' })])).toEqual([0, 1]);
  });

  it('holds a suspect append alone', () => {
    expect(taken([append('a', {}, true), append('b', {}, true), append('c')])).toEqual([0]);
    expect(taken([append('c'), append('a', {}, true), append('b')])).toEqual([0, 2]);
  });
});
