import { expect, it } from 'vitest';
import { z } from 'zod';
import { ContextStoreError } from '../errors.js';
import { InexactNumber } from '../model/inexact-number.js';
import { storableObject } from '../model/json.js';
import { parseInput } from './use-case.js';

const schema = z.strictObject({ name: z.string().optional(), types: z.array(z.enum(['a', 'b'])).optional() });

function problemWith(input: unknown): ContextStoreError {
  try {
    parseInput(schema, input);
  } catch (error) {
    if (error instanceof ContextStoreError) return error;
  }
  throw new Error('nothing was wrong');
}

it.each<[string, object, string, string]>([
  [
    'arguments',
    Object.fromEntries(Array.from({ length: 30 }, (_, index) => [`k${index}`, 1])),
    'k9 and 20 more: ',
    '. Correct',
  ],
  ['items', { types: Array<string>(30).fill('c') }, 'types.9: ', '; and 20 more problems. '],
])('names the first of many wrong %s, and says how many there are', (_what, input, last, rest) => {
  const { message, details } = problemWith(input);
  expect(message).toContain(last);
  expect(message).toContain(rest);
  expect(message).not.toMatch(/k10|types\.10/);
  expect(details['issues']).toHaveLength(last.startsWith('types') ? 10 : 1);
});

it('does not check the items of a list that is longer than any argument may be', () => {
  const read: (string | symbol)[] = [];
  const items = new Proxy(Array<string>(101).fill('a'), {
    get: (list, key) => (read.push(key), Reflect.get(list, key)),
  });
  const { details } = problemWith({ types: items });
  expect(details['issues']).toEqual([{ path: 'types', message: 'has more than 100 items; send fewer' }]);
  expect(read).toEqual(['length']);
});

it('repeats only the beginning of a long name', () => {
  const long = `${'é'.repeat(199)}😀`;
  for (const value of [1, JSON.parse('{"__proto__":1}'), Array(101).fill(1)]) {
    const { message } = problemWith({ [`${long}${'x'.repeat(100_000)}`]: value });
    expect(message).toContain(`${'é'.repeat(199)}\ufffd…: `);
    expect(message.length).toBeLessThan(1000);
  }
});

it('suggests the known argument that an unknown one is most like', () => {
  expect(problemWith({ names: 'x', surplus: 1 }).details['issues']).toEqual([
    { path: 'names, surplus', message: 'unknown; did you mean name? Known are name, types' },
  ]);
  expect(problemWith({ surplus: 1 }).message).toContain('surplus: unknown; known are name, types.');
});

it('refuses a number that JavaScript would change, in an argument and inside an object', () => {
  const ticket = new InexactNumber('1546130668394913822');
  expect(problemWith({ name: ticket }).message).toContain('name: is the number 1546130668394913822, which cannot');
  const withObject = z.strictObject({ metadata: storableObject(1000) });
  const parse = (): unknown => parseInput(withObject, { metadata: { a: [{ ticket }] } });
  expect(parse).toThrow('metadata: holds the number 1546130668394913822, which cannot be kept exactly');
});
