import type { Entry } from '../model/entry.js';
import { cutToJsonBytes } from './cut-text.js';

/** Room for the fields that a cut adds: `truncated`, `nextContentOffset`, `metadataOmitted`. */
const cutFieldsBytes = 80;

/** The UTF-8 bytes of a value as compact JSON. */
export const jsonBytes = (value: unknown): number => Buffer.byteLength(JSON.stringify(value));

/**
 * The entry within a number of bytes as JSON: whole if it fits; otherwise with its content cut to a preview, and without
 * its metadata if that alone would take more than half. Undefined when not even an empty preview fits, which takes at most 600 bytes.
 */
export function fitEntry(entry: Entry, maxBytes: number): Entry | undefined {
  if (jsonBytes(entry) <= maxBytes) return entry;
  const omitsMetadata = jsonBytes(entry.metadata) > maxBytes / 2;
  const shell: Entry = { ...entry, content: '', ...(omitsMetadata && { metadata: {}, metadataOmitted: true }) };
  const room = maxBytes - jsonBytes(shell) - cutFieldsBytes;
  if (room < 0) return undefined;
  const preview = cutToJsonBytes(entry.content, room);
  return preview.cut ? { ...shell, ...cutContent(entry, preview) } : { ...shell, content: entry.content };
}

function cutContent(entry: Entry, preview: { text: string; length: number }): Partial<Entry> {
  const shown = [...entry.content].length;
  const offset = entry.nextContentOffset === undefined ? 0 : entry.nextContentOffset - shown;
  return { content: preview.text, truncated: true, nextContentOffset: offset + preview.length };
}
