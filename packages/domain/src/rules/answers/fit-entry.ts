import type { Entry } from '../../model/entry.js';
import { cutToJsonBytes, jsonTextBytes } from '../text/cut-text.js';

/** Bytes for the fields that a cut adds: `truncated`, `nextContentOffset`, `metadataOmitted`. */
const cutFieldsBytes = 80;

/** Returns the UTF-8 bytes of a value as compact JSON. */
export const jsonBytes = (value: unknown): number => Buffer.byteLength(JSON.stringify(value));

const bareEntry =
  '{"sequence":,"contextType":"","agent":"","content":"","contentBytes":,"estimatedTokens":,"metadata":,"createdAt":""}';

/**
 * Returns the same as {@link jsonBytes} for an entry whose content is whole, without building its text. Pages measure each
 * of their entries, and the texts would be most of what a read allocates.
 */
export function wholeEntryBytes(entry: Entry): number {
  return (
    bareEntry.length +
    digits(entry.sequence) +
    entry.contextType.length +
    entry.agent.length +
    jsonTextBytes(entry.content) +
    digits(entry.contentBytes) +
    digits(entry.estimatedTokens) +
    jsonBytes(entry.metadata) +
    entry.createdAt.length +
    (entry.pinned ? ',"pinned":true'.length : 0)
  );
}

/** The characters of a number of entries, bytes or tokens as JSON. */
export const digits = (count: number): number => String(count).length;

/** An entry that fits, with its size as JSON, so that a page measures each entry once. */
export interface FittedEntry {
  readonly entry: Entry;
  readonly bytes: number;
}

/**
 * Returns the entry in at most `maxBytes` as JSON. If it is larger, cuts its content to a preview, and leaves its
 * metadata out if that takes more than half. Returns undefined if not even an empty preview fits.
 *
 * @param contentOffset where the content of `entry` begins, in code points
 */
export function fitEntry(entry: Entry, maxBytes: number, contentOffset = 0): FittedEntry | undefined {
  const bytes = entry.truncated ? jsonBytes(entry) : wholeEntryBytes(entry);
  if (bytes <= maxBytes) return { entry, bytes };
  const { truncated, nextContentOffset, ...whole } = entry;
  const omitsMetadata = jsonBytes(entry.metadata) > maxBytes / 2;
  const shell: Entry = { ...whole, content: '', ...(omitsMetadata && { metadata: {}, metadataOmitted: true }) };
  const room = maxBytes - jsonBytes(shell) - cutFieldsBytes;
  if (room < 0) return undefined;
  const preview = cutToJsonBytes(entry.content, room);
  const fitted: Entry = preview.cut
    ? { ...shell, content: preview.text, truncated: true, nextContentOffset: contentOffset + preview.length }
    : { ...shell, content: entry.content, ...(truncated && { truncated, nextContentOffset }) };
  return { entry: fitted, bytes: jsonBytes(fitted) };
}
