import type { AppendedEntry, BriefingSource, EntryRecord, JsonObject } from '@org/domain';
import { z } from 'zod';

/**
 * How many code points of an entry are kept. A larger one is read from the database by those who want more of it: most
 * look at a beginning, as does `getContext` unless it is given a larger budget than its default.
 */
export const keptContentLength = 24 * 1024;

/** A version of all shapes below. It is part of every key: a release never meets what another one means by them. */
export const formatVersion = 'v1';

/** What of a log cannot change: a page, or what a briefing needs of everything up to the end of one. */
export interface LogPart {
  readonly entries: readonly KeptEntry[];
  /** Of all entries up to the end; of a page, nobody asks. */
  readonly totals?: LogTotals | undefined;
}

export type LogTotals = Pick<BriefingSource, 'pinnedCount' | 'estimatedTokens'>;

/** An entry as it is kept: its metadata as text, so that nobody who was given an entry can change what others get. */
export interface KeptEntry extends Omit<EntryRecord, 'metadata'> {
  readonly metadata: string;
}

export const keepEntry = (entry: EntryRecord): KeptEntry => ({ ...entry, metadata: JSON.stringify(entry.metadata) });

export const giveEntry = (kept: KeptEntry): EntryRecord => ({
  ...kept,
  metadata: (kept.metadata === '{}' ? {} : JSON.parse(kept.metadata)) as JsonObject,
});

/** What tells an append from every other that may ever have had its place in the session. */
export const appendName = ({ sequence, createdAtMs, contentBytes, estimatedTokens, epoch }: AppendedEntry): string =>
  [sequence, createdAtMs, contentBytes, estimatedTokens, epoch].map((number) => number.toString(36)).join('.');

/** The key of the page of so many entries that ends by an append. */
export const pageKey = (uid: string, pageSize: number, end: AppendedEntry): string =>
  `${uid}:page:${pageSize}:${appendName(end)}`;

/** The key of what a briefing needs of everything up to an append. */
export const totalsKey = (
  uid: string,
  end: AppendedEntry,
  { pinnedLimit, maxContentLength }: { readonly pinnedLimit: number; readonly maxContentLength: number },
): string => `${uid}:totals:${appendName(end)}:${pinnedLimit.toString(36)}.${maxContentLength.toString(36)}`;

/** How much memory a part takes at most, in bytes. */
export const bytesOf = ({ entries }: LogPart): number =>
  entries.reduce((sum, entry) => sum + heldBytes(entry) + 2 * entry.metadata.length + entryBytes, 300);

/** A character takes two bytes, or one in a text of such characters alone as ASCII's, which is as long in UTF-8. */
const heldBytes = (entry: KeptEntry): number =>
  entry.content.length * (entry.content.length === entry.contentBytes ? 1 : 2);

/** Of an entry besides its texts. */
const entryBytes = 250;

const whole = z.int().nonnegative();
const flag = z.union([z.literal(0), z.literal(1)]);
const entryTuple = z.tuple([
  whole.min(1),
  z.enum(['message', 'file', 'tool_call', 'system']),
  z.string(),
  whole,
  flag,
  z.number(),
  whole,
  whole,
  flag,
  z.string(),
  z.string(),
]);
const partSchema = z.union([z.tuple([z.array(entryTuple)]), z.tuple([z.array(entryTuple), whole, whole])]);

/** As it is sent to others: names would take a third of the room. */
export function encodePart({ entries, totals }: LogPart): string {
  const tuples = entries.map((entry): z.infer<typeof entryTuple> => [
    entry.sequence,
    entry.contextType,
    entry.agent,
    entry.epoch,
    entry.pinned ? 1 : 0,
    entry.createdAtMs,
    entry.contentBytes,
    entry.estimatedTokens,
    entry.contentCut ? 1 : 0,
    entry.content,
    entry.metadata,
  ]);
  const part: z.infer<typeof partSchema> =
    totals === undefined ? [tuples] : [tuples, totals.pinnedCount, totals.estimatedTokens];
  return JSON.stringify(part);
}

/** @returns undefined for whatever is no part of a log: anybody may have written it */
export function decodePart(text: string): LogPart | undefined {
  try {
    const [tuples, pinnedCount, estimatedTokens] = partSchema.parse(JSON.parse(text));
    const entries = tuples.map(entryOf);
    return pinnedCount === undefined || estimatedTokens === undefined
      ? { entries }
      : { entries, totals: { pinnedCount, estimatedTokens } };
  } catch {
    return undefined;
  }
}

function entryOf([
  sequence,
  contextType,
  agent,
  epoch,
  pinned,
  createdAtMs,
  contentBytes,
  estimatedTokens,
  contentCut,
  content,
  metadata,
]: z.infer<typeof entryTuple>): KeptEntry {
  requireJsonObject(metadata);
  return {
    sequence,
    contextType,
    agent,
    epoch,
    pinned: pinned === 1,
    createdAtMs,
    contentBytes,
    estimatedTokens,
    contentCut: contentCut === 1,
    content,
    metadata,
  };
}

function requireJsonObject(text: string): void {
  if (text !== '{}') z.record(z.string(), z.unknown()).parse(JSON.parse(text));
}

/** Whether a part is the page of so many entries that ends by an append. */
export const isPage = ({ entries, totals }: LogPart, pageSize: number, end: AppendedEntry): boolean => {
  const last = entries.at(-1);
  return (
    totals === undefined &&
    entries.length === pageSize &&
    last !== undefined &&
    appendName(last) === appendName(end) &&
    entries.every(({ sequence }, index) => sequence === end.sequence - pageSize + 1 + index)
  );
};
