import { expect, it } from 'vitest';
import { z } from 'zod';
import { ContextStoreError } from '../errors.js';
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

it('answers many wrong arguments with no more than a few', () => {
  const sizes = [1000, 100_000].map((count) => {
    const { message, details } = problemWith({ types: Array<string>(count).fill('c') });
    return JSON.stringify([message, details]).length;
  });
  expect((sizes[1] ?? 0) - (sizes[0] ?? 0)).toBeLessThan(10);
});
