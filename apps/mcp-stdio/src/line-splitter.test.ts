import { describe, expect, it } from 'vitest';
import { LineSplitter } from './line-splitter.js';

const split = (maxBytes: number, ...chunks: string[]) => {
  const splitter = new LineSplitter(maxBytes);
  return chunks.flatMap((chunk) => [...splitter.push(Buffer.from(chunk))]);
};

describe('LineSplitter', () => {
  it('joins a line that comes in pieces, and keeps what has no end yet', () => {
    expect(split(100, 'one\ntw', 'o', '\n', 'three')).toEqual([{ text: 'one' }, { text: 'two' }]);
  });

  it('does not break a character that comes in pieces', () => {
    const splitter = new LineSplitter(100);
    const bytes = Buffer.from('日\n');
    const lines = [...bytes].flatMap((byte) => [...splitter.push(Buffer.from([byte]))]);
    expect(lines).toEqual([{ text: '日' }]);
  });

  it('takes a line of exactly the limit, throws a longer one away, and goes on after it', () => {
    expect(split(3, 'abc\nabcd\nab', 'cd', 'ef\nok\n')).toEqual([
      { text: 'abc' },
      { tooLong: true },
      { tooLong: true },
      { text: 'ok' },
    ]);
  });
});
