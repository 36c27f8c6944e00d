import { describe, expect, it } from 'vitest';
import { LineSplitter, type Line } from './line-splitter.js';

const split = (maxBytes: number, ...chunks: string[]) => {
  const splitter = new LineSplitter(maxBytes);
  return chunks.flatMap((chunk) => [...splitter.push(Buffer.from(chunk))]).map(shown);
};
const shown = (line: Line): unknown => ('bytes' in line ? line.bytes.toString() : line);

describe('LineSplitter', () => {
  it('joins the pieces of a line, and buffers an incomplete line', () => {
    expect(split(100, 'one\ntw', 'o', '\n', 'three')).toEqual(['one', 'two']);
  });

  it('does not break a character that arrives in pieces', () => {
    const splitter = new LineSplitter(100);
    const bytes = Buffer.from('日\n');
    const lines = [...bytes].flatMap((byte) => [...splitter.push(Buffer.from([byte]))]).map(shown);
    expect(lines).toEqual(['日']);
  });

  it('accepts a line of exactly the limit, drops a longer one, and continues after it', () => {
    expect(split(3, 'abc\nabcd\nab', 'cd', 'ef\nok\n')).toEqual([
      'abc',
      { tooLong: true, id: undefined },
      { tooLong: true, id: undefined },
      'ok',
    ]);
  });

  it('finds the id of a request that it drops, at any position', () => {
    const text = 'x'.repeat(50);
    const lines = split(40, '{"id":1,"x":"', text, text, `"}\n{"x":"${text}","i`, 'd":"two"}\n{"id":3}\n');
    expect(lines).toEqual([{ tooLong: true, id: '1' }, { tooLong: true, id: '"two"' }, '{"id":3}']);
  });
});
