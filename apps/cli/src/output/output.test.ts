import { PassThrough } from 'node:stream';
import { WriteStream } from 'node:tty';
import { stripVTControlCharacters } from 'node:util';
import type { Briefing, Entry, Handoff } from '@org/domain';
import stringWidth from 'string-width';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { renderBlock } from './block.js';
import { renderBriefing } from './briefing.js';
import { renderEntry, renderPreviews } from './entries.js';
import { renderHandoff } from './handoffs.js';
import { createScreen, type Screen } from './screen.js';
import { renderTable } from './table.js';
import { relativeTime } from './time.js';
import { oneLine, visibleJson } from './visible.js';

const createdAt = '2026-12-01T12:00:00.000Z';
const nowMs = Date.parse(createdAt) + 180_000;
/** What real terminals have: it reads NO_COLOR. */
const getColorDepth = (): number => WriteStream.prototype.getColorDepth();
const terminal = (columns: number): Screen =>
  createScreen(Object.assign(new PassThrough(), { isTTY: true, columns, getColorDepth }), {}, nowMs);
const pipe = (): Screen => createScreen(new PassThrough(), {}, nowMs);

beforeEach(() => {
  for (const name of ['FORCE_COLOR', 'NO_COLOR', 'NODE_DISABLE_COLORS', 'CI']) vi.stubEnv(name, undefined);
  vi.stubEnv('TERM', 'xterm-256color');
});
afterEach(() => {
  vi.unstubAllEnvs();
});

const entryOf = (content: string): Entry => ({
  sequence: 7,
  contextType: 'message',
  agent: 'planner',
  content,
  contentBytes: content.length,
  estimatedTokens: 1,
  metadata: {},
  createdAt,
});
const handoffOf = (text: string): Handoff => ({
  handoffId: 'id',
  sessionKey: 'work',
  requestType: 'full_handoff',
  status: 'pending',
  requestingAgent: 'planner',
  uptoSequence: 1,
  summary: text,
  reason: text,
  createdAt,
});
const briefingOf = (text: string): Briefing => ({
  text: `Head\n> ${text.replaceAll(/[\n\r]/g, ' ')}`,
  entries: [entryOf(text)],
  pinnedOmitted: [{ sequence: 1, preview: text }],
  omitted: { entries: 1, estimatedTokens: 1 },
  estimatedTokens: 1,
  uptoSequence: 1,
  newSince: 0,
});

describe('a screen', () => {
  it('shows relative times on a terminal, unless full ones are asked for or the output is piped', () => {
    expect(terminal(80).time(createdAt)).toBe('3 min ago');
    expect(pipe().time(createdAt)).toBe(createdAt);
    const stream = Object.assign(new PassThrough(), { isTTY: true });
    expect(createScreen(stream, { absolute: true }, nowMs).time(createdAt)).toBe(createdAt);
  });

  it('has colours on a terminal, not in a pipe, and obeys NO_COLOR and FORCE_COLOR', () => {
    const coloured = '\u001b[32mgo\u001b[39m';
    expect(terminal(80).style('green', 'go')).toBe(coloured);
    expect(pipe().style('green', 'go')).toBe('go');
    vi.stubEnv('FORCE_COLOR', '1');
    expect(pipe().style('green', 'go')).toBe(coloured);
    vi.stubEnv('FORCE_COLOR', undefined);
    vi.stubEnv('NO_COLOR', '1');
    expect(terminal(80).style('green', 'go')).toBe('go');
  });
});

it.each([
  [0, 'now'],
  [59_000, '59 s ago'],
  [-7_200_000, 'in 2 h'],
  [86_400_000, '1 day ago'],
  [59 * 86_400_000, '59 days ago'],
  [90 * 86_400_000, '2026-12-01'],
])('tells a time that is %i ms ago as %s', (ms, told) => {
  expect(relativeTime(createdAt, Date.parse(createdAt) + ms)).toBe(told);
});

describe('a table', () => {
  const columns = [
    { title: 'KEY', cell: ([key = '']: readonly string[]) => key },
    { title: 'EMPTY', cell: () => '' },
    { title: 'TITLE', cell: ([, title = '']: readonly string[]) => title, isCutFirst: true as const },
  ];

  it('counts wide characters as two columns, and leaves out an empty column', () => {
    expect(
      renderTable(pipe(), columns, [
        ['漢字', 'a'],
        ['abcdef', 'b'],
      ]),
    ).toBe(['KEY     TITLE', '漢字    a', 'abcdef  b'].join('\n'));
  });

  it('fits the terminal, and cuts what is marked for that first', () => {
    const table = renderTable(terminal(40), columns, [['a-key-of-24-characters-ok', '漢'.repeat(40)]]);
    const lines = stripVTControlCharacters(table).split('\n');
    expect(lines.at(-1)).toMatch(/^a-key-of-24-characters-ok {2}漢+…$/);
    for (const line of lines) expect(stringWidth(line)).toBeLessThanOrEqual(40);
  });
});

describe('recorded text', () => {
  it('shows what a terminal would obey, and keeps its lines behind the margin', () => {
    expect(renderBlock(pipe(), 'a\u001b[2J\tb\r\nc\u2028d\u202e', '  ')).toBe('  a<U+001B>[2J    b\n  c\n  d<U+202E>');
    expect(oneLine('a\nb')).toBe('a⏎b');
    const wrapped = renderBlock(terminal(40), `${'x'.repeat(38)}7 · message · root`, '  ');
    expect(wrapped.split('\n').every((line) => line.startsWith('  '))).toBe(true);
  });

  it('is the same JSON after its escapes', () => {
    const value = { text: '\u001b\u009b\u007f\u202e\u2028 漢字 \u{1F600}' };
    expect(JSON.parse(visibleJson(value))).toEqual(value);
    expect(visibleJson(value)).not.toMatch(unsafe);
  });

  it('never moves the cursor, leaves its margin or exceeds the width, whatever it holds', () => {
    for (let run = 0; run < Number(process.env['FUZZ_RUNS'] ?? 300); run += 1) {
      const text = randomText();
      for (const screen of [pipe(), terminal(40 + (run % 60))]) {
        const shown = [
          renderEntry(screen, entryOf(text)),
          renderPreviews(screen, [entryOf(text)]),
          renderHandoff(screen, handoffOf(text)),
          renderBriefing(screen, briefingOf(text)),
        ].map((part) => part.replaceAll(ownStyles, ''));
        for (const part of shown) {
          expect(part, JSON.stringify(text)).not.toMatch(unsafe);
          if (screen.columns === undefined) continue;
          for (const line of part.split('\n').filter((candidate) => !candidate.startsWith('id ')))
            expect(stringWidth(line), JSON.stringify({ text, line })).toBeLessThanOrEqual(screen.columns);
        }
        const [, ...content] = shown[0]?.split('\n') ?? [];
        for (const line of content) expect(line === '' || line.startsWith('  '), JSON.stringify(text)).toBe(true);
      }
    }
  });
});

// oxlint-disable-next-line no-control-regex
const ownStyles = /\u001b\[(?:1|2|22|3[0-9])m/g;
/** All that moves the cursor or hides text, but line breaks. */
// oxlint-disable-next-line no-control-regex
const unsafe = /[\u0000-\u0009\u000b-\u001f\u007f-\u009f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ufeff]/;

const pieces = [
  'a',
  'word ',
  ' ',
  '漢字',
  'é',
  'e\u0301',
  '👩‍👩‍👧',
  '\n',
  '\r',
  '\t',
  '\b',
  '\u001b[31m',
  '\u001b]8;;http://x\u0007',
];
const hidden = [
  '\u001bP',
  '\u009b2J',
  '\u0085',
  '\u2028',
  '\u202e',
  '\u2066',
  '\u200b',
  '\ufeff',
  '\u{e0041}',
  '\ud800',
  '\u00ad',
];

function randomText(): string {
  const all = [...pieces, ...hidden];
  const pick = (): string => all[Math.floor(Math.random() * all.length)] ?? '';
  const anyCharacter = (): string => String.fromCharCode(Math.floor(Math.random() * 0x3000));
  return Array.from({ length: Math.floor(Math.random() * 60) }, () =>
    Math.random() < 0.8 ? pick() : anyCharacter(),
  ).join('');
}
