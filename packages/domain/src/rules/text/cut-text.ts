import { visibleText } from './visible-text.js';

export interface CutText {
  readonly text: string;
  /** Code points in `text`. */
  readonly length: number;
  /** Whether the text was longer. */
  readonly cut: boolean;
}

/** Returns at most `maxLength` code points of a text, from code point `offset` on. Never splits a surrogate pair. */
export function sliceCodePoints(text: string, offset: number, maxLength: number): { text: string; cut: boolean } {
  const start = unitIndex(text, 0, offset);
  const end = unitIndex(text, start, maxLength);
  return { text: text.slice(start, end), cut: end < text.length };
}

/** Returns the longest beginning of a text whose JSON string takes at most `maxBytes` UTF-8 bytes without quotes. */
export function cutToJsonBytes(text: string, maxBytes: number): CutText {
  let bytes = 0;
  let units = 0;
  let length = 0;
  for (const character of text) {
    bytes += jsonBytes(character);
    if (bytes > maxBytes) return { text: text.slice(0, units), length, cut: true };
    units += character.length;
    length += 1;
  }
  return { text, length, cut: false };
}

/** Returns the UTF-8 bytes of a well-formed text as a JSON string without its quotes. */
export function jsonTextBytes(text: string): number {
  let bytes = Buffer.byteLength(text);
  for (let index = 0; index < text.length; index += 1) {
    const code = text.charCodeAt(index);
    if (code < 0x20 || code === 0x22 || code === 0x5c) bytes += escapedBytes(code) - 1;
  }
  return bytes;
}

/**
 * Returns the beginning of a text on one line, for lists, titles and names. Ends with an ellipsis if the text is
 * longer. Invisible characters are replaced by their code points.
 */
export function previewOf(text: string, maxLength: number): string {
  const start = sliceCodePoints(text, 0, maxLength * 2);
  const line = visibleText(start.text.replaceAll(/\s+/g, ' ').trim());
  const preview = sliceCodePoints(line, 0, maxLength);
  return preview.cut || start.cut ? `${preview.text}…` : preview.text;
}

/** The most UTF-16 units of a caller's text that a message repeats. Every valid name is shorter. */
const quoteLength = 200;

/** Returns as much of a caller's text as a message may repeat: enough to recognise it, however long it is. */
export const quoteOf = (text: string): string =>
  text.length > quoteLength ? `${text.slice(0, quoteLength).toWellFormed()}…` : text;

function unitIndex(text: string, from: number, codePoints: number): number {
  let index = from;
  for (let passed = 0; passed < codePoints && index < text.length; passed += 1) {
    index += (text.codePointAt(index) ?? 0) > 0xffff ? 2 : 1;
  }
  return index;
}

function jsonBytes(character: string): number {
  const code = character.codePointAt(0) ?? 0;
  if (code >= 0x10000) return 4;
  if (code >= 0x800) return 3;
  if (code >= 0x80) return 2;
  return code < 0x20 || code === 0x22 || code === 0x5c ? escapedBytes(code) : 1;
}

/** Returns the bytes that JSON.stringify writes for a quote, a backslash or a control character. */
const escapedBytes = (code: number): number => (code < 0x20 && !shortEscapes.has(code) ? 6 : 2);

/** Backspace, tab, line feed, form feed and carriage return. */
const shortEscapes: ReadonlySet<number> = new Set([0x08, 0x09, 0x0a, 0x0c, 0x0d]);
