import { expect, it } from 'vitest';
import { fillTemplate, placeholdersOf, valueAt } from './template.js';

const template = { key: '{{ session }}', list: ['{{owner}} and {{ other }}', 7], deep: { none: null, plain: 'text' } };

it('fills placeholders wherever they are, and leaves the rest', () => {
  expect(fillTemplate(template, { session: 's-1', owner: 'a', other: 'b' })).toEqual({
    key: 's-1',
    list: ['a and b', 7],
    deep: { none: null, plain: 'text' },
  });
});

it('leaves a placeholder without a value for the server to refuse', () => {
  expect(fillTemplate('{{ session }}', {})).toBe('{{ session }}');
});

it('takes values literally', () => {
  expect(fillTemplate('{{ content }}', { content: '$& {{ owner }}', owner: 'a' })).toBe('$& {{ owner }}');
});

it('names the placeholders', () => {
  expect(placeholdersOf(template)).toEqual(['session', 'owner', 'other']);
});

it('finds texts deep in a result', () => {
  const result = { handoff: { handoffId: 'h-1', count: 1 } };
  expect(valueAt(result, 'handoff.handoffId')).toBe('h-1');
  expect(['handoff.count', 'handoff.none', 'none.handoffId', 'handoff'].map((path) => valueAt(result, path))).toEqual([
    undefined,
    undefined,
    undefined,
    undefined,
  ]);
});
