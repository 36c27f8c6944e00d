import { expect, it } from 'vitest';
import { agentNameOf } from './names.js';

it.each([
  ['Claude Code', 'claude-code'],
  ['  --Claude Code (beta)--', 'claude-code-beta'],
  ['a.b_c@d', 'a.b_c@d'],
  ['日本', undefined],
  ['', undefined],
  [undefined, undefined],
])('makes an agent name of %j', (clientName, agentName) => {
  expect(agentNameOf(clientName)).toBe(agentName);
});

it('reads 256 characters of a name, and makes at most 128 of them', () => {
  expect(agentNameOf(`a${' '.repeat(254)}b`)).toBe('a-b');
  expect(agentNameOf(`a${' '.repeat(255)}b`)).toBe('a');
  expect(agentNameOf('a'.repeat(1_000_000))).toBe('a'.repeat(128));
});
