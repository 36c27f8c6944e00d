import type { Entry } from '../../model/entry.js';
import { cutToJsonBytes } from '../text/cut-text.js';

/** Room for the fields that a cut adds: `truncated`, `nextContentOffset`, `metadataOmitted`. */
const cutFieldsBytes = 80;

/** The UTF-8 bytes of a value as compact JSON. */
export const jsonBytes = (value: unknown): number => Buffer.byteLength(JSON.stringify(value));

/**
 * The entry within a number of bytes as JSON: whole if it fits; otherwise with its content cut to a preview, and without
 * its metadata if that alone would take more than half. Undefined when not even an empty preview fits.
 *
 * @param contentOffset where the content of `entry` begins, in code points
 */
export function fitEntry(entry: Entry, maxBytes: number, contentOffset = 0): Entry | undefined {
  if (jsonBytes(entry) <= maxBytes) return entry;
  const omitsMetadata = jsonBytes(entry.metadata) > maxBytes / 2;
  const shell: Entry = { ...entry, content: '', ...(omitsMetadata && { metadata: {}, metadataOmitted: true }) };
  const room = maxBytes - jsonBytes(shell) - cutFieldsBytes;
  if (room < 0) return undefined;
  const preview = cutToJsonBytes(entry.content, room);
  return preview.cut
    ? { ...shell, content: preview.text, truncated: true, nextContentOffset: contentOffset + preview.length }
    : { ...shell, content: entry.content };
}
