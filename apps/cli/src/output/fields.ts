import { renderBlock } from './block.js';
import { padToWidth } from './fit.js';
import type { Screen } from './screen.js';
import { oneLine } from './visible.js';

/** A name, and recorded text. Undefined: the line is left out. */
export type Field = readonly [name: string, value: string | undefined];

/** Returns one indented line for each field that has a value, with the values below each other. */
export function renderFields(screen: Screen, fields: readonly Field[]): string {
  const given = fields.filter((field): field is [string, string] => field[1] !== undefined && field[1] !== '');
  const width = Math.max(...given.map(([name]) => name.length)) + 2;
  return given
    .map(([name, value]) => {
      const [first = '', ...rest] = renderBlock(screen, oneLine(value), ' '.repeat(width + 2)).split('\n');
      const label = screen.style('dim', padToWidth(name, width));
      return [`  ${label}${first.slice(width + 2)}`, ...rest].join('\n');
    })
    .join('\n');
}

/** Returns the title of a part of an answer. */
export const renderTitle = (screen: Screen, title: string): string => screen.style('bold', title);
