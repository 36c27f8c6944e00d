import type { Briefing, Entry } from '@org/domain';
import { expect, it } from 'vitest';
import { briefingMarkdown } from './briefing-markdown.js';

const entry: Entry = {
  sequence: 7,
  contextType: 'message',
  agent: 'planner',
  content: '# Not a heading of ours\n```js\nx\n```',
  contentBytes: 30,
  estimatedTokens: 10,
  metadata: {},
  pinned: true,
  createdAt: '2026-01-01T00:00:00.000Z',
};
const briefing: Briefing = {
  text: 'Session work.',
  entries: [entry],
  pinnedOmitted: [{ sequence: 3, preview: 'Use SQLite' }],
  omitted: { entries: 1, estimatedTokens: 5 },
  estimatedTokens: 100,
  uptoSequence: 7,
  newSince: 0,
  nextCursor: 'abc',
};

it('shows a complete briefing, with recorded content quoted', () => {
  expect(briefingMarkdown(briefing)).toBe(
    [
      'Session work.',
      '## 7 · message · planner · 2026-01-01T00:00:00.000Z · pinned',
      '> # Not a heading of ours\n> ```js\n> x\n> ```',
      '## Pinned, not shown',
      '- 3: "Use SQLite"',
      'nextCursor: abc\n',
    ].join('\n\n'),
  );
});

it('marks content that is cut', () => {
  expect(briefingMarkdown({ ...briefing, entries: [{ ...entry, content: 'beginning', truncated: true }] })).toContain(
    'beginning …',
  );
});

it('shows invisible characters as code points, and cuts them to the available length', () => {
  const shownOf = (content: string): string => briefingMarkdown({ ...briefing, entries: [{ ...entry, content }] });
  expect(shownOf(`right\u202Eleft, ${'and so on, '.repeat(10)}`)).toContain('> right<U+202E>left, and');
  expect(shownOf('\u007f'.repeat(10_000)).length).toBeLessThan(21_000);
});
