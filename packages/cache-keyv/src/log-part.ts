import {
  contextTypes,
  type AppendedEntry,
  type BriefingSource,
  type EntryRecord,
  type JsonObject,
  type LogTail,
  type ReadTail,
} from '@org/domain';

/**
 * How many code points of a content are kept. Reads that want more of a larger content go to the database. Most reads want
 * its beginning, as `getContext` does with its default budget.
 */
export const keptContentLength = 24 * 1024;

/**
 * The version of all shapes below and of `keptContentLength`. It is part of every key, so that a release never reads the
 * format of another.
 */
export const formatVersion = 'v1';

/** A part of a log that cannot change: a page, or the newest pins and the totals of all entries up to the end of a page. */
export interface LogPart {
  readonly entries: readonly KeptEntry[];
  /** The totals of all entries up to the end of the part. A page has none. */
  readonly totals?: LogTotals | undefined;
}

/** The newest entries of a log as a read found them. It is kept in memory alone, and outdated by the next append. */
export interface TailPart extends LogPart, Pick<LogTail, 'scanned' | 'pageEnds'> {
  /** Names the log up to its last append. */
  readonly logName: string;
  /** Whether the read before found the same log. */
  readonly wasUnchanged: boolean;
}

export type LogTotals = Pick<BriefingSource, 'pinnedCount' | 'estimatedTokens'>;

/** An entry in the cache. Its metadata is a text, so that callers that change an entry do not change the cache. */
export interface KeptEntry extends Omit<EntryRecord, 'metadata'> {
  readonly metadata: string;
}

/** Returns the cached form of an entry. */
export const keepEntry = (entry: EntryRecord): KeptEntry => ({ ...entry, metadata: JSON.stringify(entry.metadata) });

/** Returns a new record of a cached entry. */
export const giveEntry = (kept: KeptEntry): EntryRecord => ({
  ...kept,
  metadata: (kept.metadata === '{}' ? {} : JSON.parse(kept.metadata)) as JsonObject,
});

/** Names an append. No other append at the same place of the session has the same name. */
export const appendName = ({ sequence, createdAtMs, contentBytes, estimatedTokens, epoch }: AppendedEntry): string =>
  [sequence, createdAtMs, contentBytes, estimatedTokens, epoch].map((number) => number.toString(36)).join('.');

/** The key of the page of `pageSize` entries that ends with the append `end`. */
export const pageKey = (uid: string, pageSize: number, end: AppendedEntry): string =>
  `${uid}:page:${pageSize}:${appendName(end)}`;

/** The key of the pins and totals of all entries up to the append `end`. */
export const totalsKey = (
  uid: string,
  end: AppendedEntry,
  { pinnedLimit, maxContentLength }: { readonly pinnedLimit: number; readonly maxContentLength: number },
): string => `${uid}:totals:${appendName(end)}:${pinnedLimit.toString(36)}.${maxContentLength.toString(36)}`;

/** The key of what a read of the newest entries found last. */
export const tailKey = ({ namespace, sessionKey, limit, maxContentLength }: ReadTail): string =>
  `${namespace} ${sessionKey}:tail:${limit.toString(36)}.${maxContentLength.toString(36)}`;

/** Returns the most memory that a part takes, in bytes. */
export const bytesOf = ({ entries, pageEnds = [] }: LogPart & Partial<Pick<TailPart, 'pageEnds'>>): number =>
  entries.reduce(
    (sum, entry) => sum + heldBytes(entry) + entry.agent.length + 2 * entry.metadata.length + entryBytes,
    300 + pageEnds.length * pageEndBytes,
  );

/** V8 takes two bytes a character, or one if the text is ASCII: then it has as many characters as bytes in UTF-8. */
const heldBytes = (entry: KeptEntry): number =>
  entry.content.length * (entry.content.length === entry.contentBytes ? 1 : 2);

/** The memory of an entry without its texts. */
const entryBytes = 250;
const pageEndBytes = 100;

const isText = (value: unknown): boolean => typeof value === 'string';
const isFlag = (value: unknown): boolean => typeof value === 'boolean';
const isWhole = (value: unknown): value is number => Number.isSafeInteger(value) && Number(value) >= 0;

/** The fields of an entry in the order of its encoding, with their checks. A schema library takes ten times as long. */
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

/** Encodes a part with its key, for other processes. Field names are left out: they would be a fifth of the text. */
export const encodePart = (key: string, { entries, totals }: LogPart): string =>
  JSON.stringify([
    key,
    entries.map((entry) => fieldNames.map((name) => entry[name])),
    ...(totals === undefined ? [] : [totals.pinnedCount, totals.estimatedTokens]),
  ]);

/** Decodes a part. @returns undefined if the text is not a part with this key: any client of Redis may have written it */
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

/** Returns undefined if the text is not JSON. */
function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** Returns true if a part is the page of `pageSize` entries that ends with the append `end`. */
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
