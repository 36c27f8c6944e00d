/**
 * Characters that are invisible, or that move or hide other text: control characters (terminal escapes begin with one),
 * bidirectional marks, zero-width and tag characters. Joiners and emoji selectors stay, because scripts need them.
 */
const unseen =
  /(?!\t|\n|\u200C|\u200D|\uFE0E|\uFE0F)[\p{Cc}\p{Zl}\p{Zp}\p{Default_Ignorable_Code_Point}\uFFF9-\uFFFB]/gu;

/** All that readers, terminals or Markdown renderers take for the end of a line. */
const lineEnd = /\r\n|[\n\v\f\r\u0085\u2028\u2029]/;

/** Returns the text with each invisible character replaced by its code point, such as `<U+202E>`. */
export const visibleText = (text: string): string =>
  text.replaceAll(unseen, (character) => {
    const code = character.codePointAt(0) ?? 0;
    return `<U+${code.toString(16).toUpperCase().padStart(4, '0')}>`;
  });

/** Returns the text as a Markdown quote, so that none of its lines can pass for a line of the surrounding text. */
export const quotedText = (text: string): string =>
  text
    .split(lineEnd)
    .map((line) => (line === '' ? '>' : `> ${visibleText(line)}`))
    .join('\n');
