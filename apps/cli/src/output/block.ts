import wrapAnsi from 'wrap-ansi';
import type { Screen } from './screen.js';
import { visibleLines } from './visible.js';

/**
 * Returns recorded text with a prefix before each line. On a terminal, it wraps the lines itself: what the terminal would
 * wrap begins in the first column, where it can pass for a line of this program.
 */
export function renderBlock(screen: Screen, text: string, prefix: string): string {
  return visibleLines(text)
    .flatMap((line) => wrapped(screen, line, prefix.length))
    .map((line) => `${prefix}${line}`.trimEnd())
    .join('\n');
}

const quoteMark = '> ';

/** Returns a text of the store, whose lines that begin with `> ` quote recorded text, and are still quotes when wrapped. */
export const renderQuotes = (screen: Screen, text: string): string =>
  text
    .split('\n')
    .map((line) =>
      line.startsWith(quoteMark)
        ? renderBlock(screen, line.slice(quoteMark.length), quoteMark)
        : renderBlock(screen, line, ''),
    )
    .join('\n');

function wrapped({ columns }: Screen, line: string, indent: number): string[] {
  if (columns === undefined) return [line];
  return wrapAnsi(line, Math.max(1, columns - indent), { hard: true, trim: false }).split('\n');
}
