import { z } from 'zod';
import { afterWriting, ContextStoreError } from '../errors.js';
import { contextTypes, contextTypeSchema, entrySchema, type Entry } from '../model/entry.js';
import { sessionKeySchema } from '../model/names.js';
import { recordedNote } from '../model/recorded-note.js';
import type { EntryPage, EntryRecord, ReadEntries } from '../ports/store.js';
import { answerBudget, bytesForRecords } from '../rules/answers/answer-budget.js';
import { contextCursors, type ContextPosition, type ReadingOrder } from '../rules/cursors/context-cursor.js';
import { bytesWithin } from '../rules/text/estimate-tokens.js';
import { fitEntry } from '../rules/answers/fit-entry.js';
import { limits } from '../rules/limits.js';
import { presentEntry } from '../rules/answers/present.js';
import { callerArguments, defineUseCase } from './use-case.js';

/** The most that an entry takes of a page, unless `limit` is 1: a long file leaves room for other entries. */
const entryShare = 1 / 8;
/** The lower bound of that share, in bytes: enough for a readable preview. */
const minEntryBytes = 600;

const input = z.strictObject({
  ...callerArguments,
  sessionKey: sessionKeySchema,
  /** Only entries after this sequence, ascending; 0 for the whole log. Default: the newest entries. */
  afterSequence: z.int().min(0).optional(),
  /** Default: `asc` after `afterSequence`; without that, the newest entries, in ascending order. */
  order: z.enum(['asc', 'desc']).optional(),
  limit: z.int().min(1).max(limits.pageSize).default(20),
  /** A `nextCursor` of an earlier answer, in place of `afterSequence` and `order`. */
  cursor: z.string().min(1).optional(),
  /** Only entries of these types. Default: all types. */
  types: z.array(contextTypeSchema).min(1).max(contextTypes.length).optional(),
  maxTokens: answerBudget(6000),
  /** Where the content of the entry begins, in characters (Unicode code points). Needs `limit: 1`. */
  contentOffset: z.int().min(0).max(limits.contentBytes).optional(),
  /** Reads the entries after this agent's read mark. The server keeps the mark; only `ackSequence` moves it. */
  unread: z.boolean().default(false),
  /**
   * Moves this agent's read mark to this sequence before reading. A lower sequence moves it back, and 0 to the start.
   */
  ackSequence: z.int().min(0).optional(),
});

/** Reads part of the log within a token budget, and says how to read on. Shows at least one entry if any match. */
export const getContext = defineUseCase({
  name: 'getContext',
  input,
  result: z.strictObject({
    note: z.string().optional(),
    sessionKey: sessionKeySchema,
    /** The entries, ascending unless `order` is `desc`. Long contents are cut. */
    entries: z.array(entrySchema),
    /** The sequence of the newest entry of the log, or 0. */
    lastSequence: z.int(),
    nextCursor: z.string().optional(),
  }),
  async run({ store, namespace, agent }, asked) {
    refuseContradictions(asked);
    const { sessionKey, limit, maxTokens, contentOffset = 0, unread, ackSequence } = asked;
    // Decodes the cursor first: a refused call must not move the mark.
    let position = startOf(namespace, asked);
    if (unread || ackSequence !== undefined) {
      const mark = await store.markRead({ namespace, sessionKey, agent: agent(), sequence: ackSequence });
      if (unread && mark.sequence === mark.lastSequence)
        return { sessionKey, entries: [], lastSequence: mark.sequence };
      if (unread) position = startOf(namespace, { ...asked, afterSequence: mark.sequence });
    }
    const request = readRequest(namespace, asked, position);
    const reading = store.readEntries(request);
    const page = await (ackSequence === undefined ? reading : afterWriting(reading));
    const { uid, lastSequence } = page.session;
    if (position.uid !== undefined && position.uid !== uid) throw contextCursors.foreign();
    if ((position.boundary ?? 0) > lastSequence) throw contextCursors.unreached();

    const bytes = bytesForRecords(maxTokens, { sessionKey, entries: [], lastSequence });
    const entries = fitPage(page.entries, { limit, bytes, contentOffset });
    const next = nextPosition(page, request, entries.at(-1)?.sequence, entries.length < page.entries.length);
    return {
      ...(entries.length > 0 && { note: recordedNote }),
      sessionKey,
      entries: position.order === 'tail' ? entries.toReversed() : entries,
      lastSequence,
      ...(next !== undefined && {
        nextCursor: contextCursors.encode(page.session, { ...position, boundary: next }),
      }),
    };
  },
});

type Asked = z.output<typeof input>;

function refuseContradictions({ cursor, afterSequence, order, unread, contentOffset, limit }: Asked): void {
  const issues: { path: string; message: string }[] = [];
  if (unread && (cursor !== undefined || afterSequence !== undefined || order !== undefined)) {
    issues.push({ path: 'unread', message: 'knows where to begin; leave out cursor, afterSequence and order' });
  }
  if (cursor !== undefined) {
    if (afterSequence !== undefined)
      issues.push({ path: 'afterSequence', message: 'cannot go with cursor, which knows where to go on' });
    if (order !== undefined) issues.push({ path: 'order', message: 'cannot go with cursor, which keeps the order' });
  }
  if (contentOffset !== undefined && limit !== 1) {
    issues.push({ path: 'contentOffset', message: 'needs limit 1 (and afterSequence: the sequence before the entry)' });
  }
  if (issues.length === 0) return;
  const message = issues.map(({ path, message: problem }) => `${path}: ${problem}`).join('; ');
  throw new ContextStoreError('VALIDATION_ERROR', `${message}. Correct the arguments and call again.`, { issues });
}

type Start = Omit<ContextPosition, 'uid' | 'boundary'> & Partial<Pick<ContextPosition, 'uid' | 'boundary'>>;

function startOf(namespace: string, { sessionKey, cursor, afterSequence, order, types }: Asked): Start {
  if (cursor !== undefined) return contextCursors.decode({ namespace, sessionKey }, cursor, types);
  const defaultOrder: ReadingOrder = afterSequence === undefined ? 'tail' : 'asc';
  return { order: order ?? defaultOrder, floor: afterSequence ?? 0, types };
}

function readRequest(
  namespace: string,
  { sessionKey, limit, maxTokens, contentOffset }: Asked,
  at: Start,
): ReadEntries {
  const ascending = at.order === 'asc';
  return {
    namespace,
    sessionKey,
    direction: ascending ? 'ascending' : 'descending',
    afterSequence: ascending ? (at.boundary ?? at.floor) : at.floor,
    beforeSequence: ascending ? undefined : at.boundary,
    types: at.types,
    limit,
    contentOffset: contentOffset ?? 0,
    maxContentLength: Math.ceil(bytesPerEntry(limit, bytesWithin(maxTokens))),
  };
}

/** Returns the boundary of the next page in the same direction, or undefined if nothing is left. */
function nextPosition(
  page: EntryPage,
  request: ReadEntries,
  lastShown: number | undefined,
  cut: boolean,
): number | undefined {
  const ascending = request.direction === 'ascending';
  const full = cut || page.entries.length === request.limit;
  const scannedTo = ascending ? page.scanned.last : page.scanned.first;
  const reached = full && lastShown !== undefined ? lastShown : scannedTo;
  const isLeft = ascending ? reached < page.session.lastSequence : reached > request.afterSequence + 1;
  return isLeft ? reached : undefined;
}

/** The most that an entry may take of a page of `bytes`. */
const bytesPerEntry = (limit: number, bytes: number): number =>
  limit === 1 ? bytes : Math.max(bytes * entryShare, minEntryBytes);

function fitPage(
  records: readonly EntryRecord[],
  { limit, bytes, contentOffset }: { limit: number; bytes: number; contentOffset: number },
): Entry[] {
  const perEntry = bytesPerEntry(limit, bytes);
  const shown: Entry[] = [];
  let left = bytes;
  for (const record of records) {
    const entry = presentEntry(record, contentOffset);
    const fitted =
      fitEntry(entry, perEntry, contentOffset) ??
      // An empty page would have no next position. The smallest budget holds a preview of any entry.
      (shown.length === 0 ? fitEntry(entry, bytes, contentOffset) : undefined);
    if (fitted === undefined || fitted.bytes > left) break;
    shown.push(fitted.entry);
    left -= fitted.bytes + 1;
  }
  return shown;
}
