import { contextTypes, type AppendedEntry, type BriefingSource, type EntryRecord, type JsonObject } from '@org/domain';

/**
 * How many code points of an entry are kept. A larger one is read from the database by those who want more of it: most
 * look at a beginning, as does `getContext` unless it is given a larger budget than its default.
 */
export const keptContentLength = 24 * 1024;

/**
 * A version of all shapes below, and of how much is kept of a content. It is part of every key: a release never meets what
 * another one means by them.
 */
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
  entries.reduce(
    (sum, entry) => sum + heldBytes(entry) + entry.agent.length + 2 * entry.metadata.length + entryBytes,
    300,
  );

/** A character takes two bytes, or one in a text of such characters alone as ASCII's, which is as long in UTF-8. */
const heldBytes = (entry: KeptEntry): number =>
  entry.content.length * (entry.content.length === entry.contentBytes ? 1 : 2);

/** Of an entry besides its texts. */
const entryBytes = 250;

const isText = (value: unknown): boolean => typeof value === 'string';
const isFlag = (value: unknown): boolean => typeof value === 'boolean';
const isWhole = (value: unknown): value is number => Number.isSafeInteger(value) && Number(value) >= 0;

/** What an entry is sent as, in this order, and what each must be: a library would take ten times as long to tell. */
const fields: Readonly<Record<keyof KeptEntry, (value: unknown) => boolean>> = {
  sequence: isWhole,
  contextType: (value) => (contextTypes as readonly unknown[]).includes(value),
  agent: isText,
  epoch: isWhole,
  pinned: isFlag,
  createdAtMs: Number.isFinite,
  contentBytes: isWhole,
  estimatedTokens: isWhole,
  contentCut: isFlag,
  content: isText,
  metadata: (value) => typeof value === 'string' && isJsonObject(value),
};
const fieldNames = Object.keys(fields) as (keyof KeptEntry)[];

/** As it is sent to others, with its key: names of fields would take a fifth of the room. */
export const encodePart = (key: string, { entries, totals }: LogPart): string =>
  JSON.stringify([
    key,
    entries.map((entry) => fieldNames.map((name) => entry[name])),
    ...(totals === undefined ? [] : [totals.pinnedCount, totals.estimatedTokens]),
  ]);

/** @returns undefined for whatever is not sent as the part of this key: anybody may have written it */
export function decodePart(key: string, text: string): LogPart | undefined {
  const [name, tuples, pinnedCount, estimatedTokens, ...more] = parseArray(text);
  if (name !== key || !Array.isArray(tuples) || more.length > 0) return undefined;
  const entries = tuples.map(entryOf);
  if (!entries.every((entry) => entry !== undefined)) return undefined;
  if (isWhole(pinnedCount) && isWhole(estimatedTokens)) return { entries, totals: { pinnedCount, estimatedTokens } };
  return pinnedCount === undefined ? { entries } : undefined;
}

function entryOf(tuple: unknown): KeptEntry | undefined {
  if (!Array.isArray(tuple) || tuple.length !== fieldNames.length) return undefined;
  const values = tuple as readonly unknown[];
  if (!fieldNames.every((name, index) => fields[name](values[index]))) return undefined;
  return Object.fromEntries(fieldNames.map((name, index) => [name, values[index]])) as unknown as KeptEntry;
}

const isJsonObject = (text: string): boolean => {
  if (text === '{}') return true;
  const value = parseJson(text);
  return typeof value === 'object' && value !== null && !Array.isArray(value);
};

function parseArray(text: string): readonly unknown[] {
  const value = parseJson(text);
  return Array.isArray(value) ? value : [];
}

/** Undefined for what is no JSON. */
function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
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
