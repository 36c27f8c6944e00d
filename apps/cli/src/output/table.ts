import stringWidth from 'string-width';
import { cutToWidth, padToWidth } from './fit.js';
import type { Screen, Style } from './screen.js';
import { oneLine } from './visible.js';

/** A column of a table. Cells are recorded text: the table makes them visible and fits them. */
export interface Column<Row> {
  readonly title: string;
  readonly cell: (row: Row) => string;
  readonly style?: (row: Row) => Style | undefined;
}

const gap = '  ';
/** A column is not made narrower than this. */
const narrowest = 8;

/** Returns a table with a row of titles. Leaves out columns without content. On a terminal, no line is wider than it. */
export function renderTable<Row>(screen: Screen, columns: readonly Column<Row>[], rows: readonly Row[]): string {
  const filled = columns
    .map((column) => ({ ...column, cells: rows.map((row) => oneLine(column.cell(row))) }))
    .filter(({ cells }) => cells.some((cell) => cell !== ''));
  const natural = filled.map(({ title, cells }) => Math.max(...[title, ...cells].map((cell) => stringWidth(cell))));
  const widths = screen.columns === undefined ? natural : shrink(natural, screen.columns);
  const line = (cells: readonly string[], styles: readonly (Style | undefined)[]): string =>
    cells
      .map((cell, column) => {
        const fitted = cutToWidth(cell, widths[column] ?? 0);
        const style = styles[column];
        const shown = style === undefined || fitted === '' ? fitted : screen.style(style, fitted);
        return column === cells.length - 1
          ? shown
          : shown + padToWidth('', (widths[column] ?? 0) - stringWidth(fitted));
      })
      .join(gap)
      .trimEnd();
  const titles = line(
    filled.map(({ title }) => title),
    filled.map(() => 'bold'),
  );
  const body = rows.map((row, index) =>
    line(
      filled.map(({ cells }) => cells[index] ?? ''),
      filled.map(({ style }) => style?.(row)),
    ),
  );
  return [titles, ...body].join('\n');
}

/** Takes from the widest columns until the table fits, or no column can be narrower. */
function shrink(natural: readonly number[], columns: number): number[] {
  const widths = [...natural];
  const available = columns - gap.length * (widths.length - 1);
  for (let excess = sum(widths) - available; excess > 0; excess -= 1) {
    const widest = Math.max(...widths);
    if (widest <= narrowest) break;
    widths[widths.lastIndexOf(widest)] = widest - 1;
  }
  return widths;
}

const sum = (numbers: readonly number[]): number => numbers.reduce((total, number) => total + number, 0);
