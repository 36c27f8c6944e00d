import { visibleText } from '@org/domain';

/** All that terminals take for the end of a line. */
const lineEnd = /\r\n|[\n\v\f\r\u0085\u2028\u2029]/;

/** Terminals put a tab at a place of their own, so no width could be computed. */
const tab = '    ';

/**
 * Returns recorded text as lines for a terminal. Control characters, terminal escapes, bidirectional marks and other
 * invisible characters are shown as their code points, such as `<U+001B>`.
 */
export const visibleLines = (text: string): string[] =>
  text.split(lineEnd).map((line) => visibleText(line).replaceAll('\t', tab));

/** Returns recorded text on one line: see {@link visibleLines}. A line break is shown as `⏎`. */
export const oneLine = (text: string): string => visibleLines(text).join('⏎').replaceAll(tab, ' ');

/** Returns JSON without raw characters that a terminal obeys or hides. It stays the same JSON. */
export const visibleJson = (value: unknown, indent?: number): string =>
  JSON.stringify(value, undefined, indent).replaceAll(
    unseen,
    (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );

/** Not those of the first 32, which JSON escapes itself; line breaks between its tokens stay. */
const unseen = /[\u007f-\u009f\u00ad\u061c\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb]/g;
