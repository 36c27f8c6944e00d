import type { Entry } from '@org/domain';
import { renderBlock } from './block.js';
import { cutToWidth } from './fit.js';
import type { Screen } from './screen.js';
import { renderTable, type Column } from './table.js';

const indent = '  ';

/** Returns an entry: a line that says what it is, and its content. */
export function renderEntry(screen: Screen, entry: Entry): string {
  const { sequence, contextType, agent, createdAt, pinned, content, truncated, contentBytes } = entry;
  const facts = [contextType, agent, screen.time(createdAt), ...(pinned ? ['pinned'] : [])].join(' · ');
  const heading = `${screen.style('cyan', String(sequence))} ${screen.style('dim', `· ${facts}`)}`;
  const rest = truncated ? [screen.style('dim', `${indent}… (cut; ${contentBytes} bytes in all)`)] : [];
  return [heading, renderBlock(screen, content, indent), ...rest].join('\n');
}

/** What of a content a preview can show at most, in UTF-16 code units. */
const previewLength = 500;

/** Returns a table with one line for each entry. */
export const renderPreviews = (screen: Screen, entries: readonly Entry[]): string =>
  renderTable(screen, previewColumns(screen), entries);

const previewColumns = (screen: Screen): Column<Entry>[] => [
  { title: 'ENTRY', cell: ({ sequence }) => String(sequence), style: () => 'cyan' },
  { title: 'TYPE', cell: ({ contextType }) => contextType },
  { title: 'AGENT', cell: ({ agent }) => agent },
  { title: 'WHEN', cell: ({ createdAt }) => screen.time(createdAt) },
  {
    title: 'CONTENT',
    isCutFirst: true,
    cell: ({ content }) => cutToWidth(content.slice(0, previewLength).replaceAll(/\s+/g, ' '), previewWidth),
  },
];

/** Where no terminal sets a width, a preview has this many columns. */
const previewWidth = 200;
