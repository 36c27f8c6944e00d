import { expect, it } from 'vitest';
import { unknownProblem } from './unknown-problem.js';

const known = ['agent', 'sessionKey', 'handoffId', 'limit', 'maxTokens', 'contextType', 'content'];
const all = known.join(', ');

it.each([
  ['session_key', 'sessionKey'],
  ['SESSIONKEY', 'sessionKey'],
  ['sesionKey', 'sessionKey'],
  ['session', 'sessionKey'],
  ['handoff-id', 'handoffId'],
  ['limits', 'limit'],
  ['max_token', 'maxTokens'],
  ['contnt', 'content'],
])('takes %s for %s', (name, meant) => {
  expect(unknownProblem([name, 'surplus'], known)).toBe(`unknown; did you mean ${meant}? Known are ${all}`);
});

it.each(['', 'surplus', 'toString', '__proto__', 'x'.repeat(41), 'sessionKey'.repeat(10_000)])(
  'takes %.20s for nothing',
  (name) => {
    expect(unknownProblem([name], known)).toBe(`unknown; known are ${all}`);
  },
);
