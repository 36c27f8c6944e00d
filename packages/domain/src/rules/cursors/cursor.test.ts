import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { cursorKind } from './cursor.js';

const kind = cursorKind('list', z.tuple([z.int().min(0)]));
const refusal = expect.objectContaining({ code: 'VALIDATION_ERROR' }) as unknown;

describe('a cursor', () => {
  it('decodes to its position', () => {
    expect(kind.decode(['a', 'b'], kind.encode(['a', 'b'], [7]))).toEqual([7]);
  });

  it('is refused by another tool, in another scope, and if it is garbage', () => {
    const cursor = kind.encode(['a', 'b'], [7]);
    const other = cursorKind('other', z.tuple([z.int()]));
    expect(() => other.decode(['a', 'b'], cursor)).toThrow(refusal);
    for (const scope of [['a'], ['a', 'c'], ['a b'], ['ab', '']])
      expect(() => kind.decode(scope, cursor)).toThrow(refusal);
    for (const garbage of ['', 'x', cursor.slice(2), Buffer.from('[]').toString('base64url')]) {
      expect(() => kind.decode(['a', 'b'], garbage)).toThrow(refusal);
    }
  });

  it('is refused unread if it is longer than any valid cursor', () => {
    const list = cursorKind('list', z.tuple([z.array(z.int())]));
    const zeros = (count: number): string => list.encode([], [Array<number>(count).fill(0)]);
    expect(list.decode([], zeros(300))[0]).toHaveLength(300);
    expect(() => list.decode([], zeros(600))).toThrow(refusal);
  });

  it('is refused if its position was changed', () => {
    const [mark] = JSON.parse(Buffer.from(kind.encode(['a'], [7]), 'base64url').toString()) as [string];
    for (const position of [6, 8, -1, 2 ** 53 - 1]) {
      const forged = Buffer.from(JSON.stringify([mark, position])).toString('base64url');
      expect(() => kind.decode(['a'], forged)).toThrow(refusal);
    }
  });
});
