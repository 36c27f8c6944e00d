import stringWidth from 'string-width';
import { cutToWidth, padToWidth } from './fit.js';
import type { Screen, Style } from './screen.js';
import { oneLine } from './visible.js';

/** A column of a table. Cells are recorded text: the table makes them visible and fits them. */
export interface Column<Row> {
  readonly title: string;
  readonly cell: (row: Row) => string;
  readonly style?: (row: Row) => Style | undefined;
  /** Where a terminal is too narrow, this column is cut before others are. Default: the widest is cut. */
  readonly isCutFirst?: true;
}

const gap = '  ';
/** No column is made narrower than this. */
const narrowest = 6;

/** Returns a table with a row of titles. Leaves out columns without content. On a terminal, no line is wider than it. */
export function renderTable<Row>(screen: Screen, columns: readonly Column<Row>[], rows: readonly Row[]): string {
  const filled = columns
    .map((column) => ({ ...column, cells: rows.map((row) => oneLine(column.cell(row))) }))
    .filter(({ cells }) => cells.some((cell) => cell !== ''));
  const widths = fitWidths(screen, filled);
  const renderLine = (cells: readonly (readonly [text: string, style: Style | undefined])[]): string =>
    cells
      .map(([text, style], index) => {
        const fitted = cutToWidth(text, widths[index] ?? 0);
        const padding = padToWidth(fitted, widths[index] ?? 0).slice(fitted.length);
        return (style === undefined ? fitted : screen.style(style, fitted)) + padding;
      })
      .join(gap)
      .trimEnd();
  const titles = renderLine(filled.map(({ title }) => [title, 'bold']));
  const body = rows.map((row, index) =>
    renderLine(filled.map(({ cells, style }) => [cells[index] ?? '', style?.(row)])),
  );
  return [titles, ...body].join('\n');
}

interface FilledColumn {
  readonly title: string;
  readonly cells: readonly string[];
  readonly isCutFirst?: true;
}

/** Returns the widths of columns: those of their content, or less until the table fits the terminal. */
function fitWidths({ columns }: Screen, filled: readonly FilledColumn[]): number[] {
  const widths = filled.map(({ title, cells }) => Math.max(...[title, ...cells].map((cell) => stringWidth(cell))));
  if (columns === undefined) return widths;
  const isSoft = filled.map(({ isCutFirst }) => isCutFirst === true);
  let excess = sum(widths) + gap.length * (widths.length - 1) - columns;
  for (; excess > 0; excess -= 1) {
    const widest =
      widestOf(widths, isSoft) ??
      widestOf(
        widths,
        isSoft.map((isChosen) => !isChosen),
      );
    if (widest === undefined) break;
    widths[widest] = (widths[widest] ?? 0) - 1;
  }
  return widths;
}

/** Returns the index of the widest column among those that may be narrower, or undefined if there is none. */
function widestOf(widths: readonly number[], isChosen: readonly boolean[]): number | undefined {
  const chosen = widths.map((width, index) => (isChosen[index] === true && width > narrowest ? width : 0));
  const widest = Math.max(...chosen);
  return widest === 0 ? undefined : chosen.lastIndexOf(widest);
}

const sum = (numbers: readonly number[]): number => numbers.reduce((total, number) => total + number, 0);
