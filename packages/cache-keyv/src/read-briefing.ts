import {
  endOfFullPages,
  type AppendedEntry,
  type BriefingSource,
  type EntryRecord,
  type ReadBriefing,
  type ReadTail,
  type Store,
} from '@org/domain';
import { appendName, giveEntry, keepEntry, totalsKey, type LogPart, type LogTotals } from './log-part.js';
import type { LoadParts, PartCache, WantedPart } from './part-cache.js';
import { readLog } from './read-log.js';
import { readTail } from './read-tail.js';

/**
 * Answers `readBriefing`: the totals up to the last full page come from the cache, and the entries after it are added. If
 * the cache cannot answer, the store does.
 */
export async function readBriefing(
  store: Store,
  cache: PartCache,
  request: ReadBriefing,
  signal?: AbortSignal,
): Promise<BriefingSource> {
  const { namespace, sessionKey, pinnedLimit, newestLimit, maxContentLength, uptoSequence: wantedUpto } = request;
  const { pageSize } = cache;
  const lookedAt: ReadTail = {
    namespace,
    sessionKey,
    direction: 'descending',
    afterSequence: 0,
    beforeSequence: wantedUpto === undefined ? undefined : wantedUpto + 1,
    // The entries that are added up below are at most one page.
    limit: Math.max(newestLimit, pageSize),
    maxContentLength,
    pageSize,
  };
  const tail = await readTail(store, cache, lookedAt, signal);
  const { session, scanned } = tail;
  const uptoSequence = scanned.last;
  const sealed = endOfFullPages(uptoSequence, pageSize);
  const [read, before] = await Promise.all([
    readLog(store, cache, request, tail, signal),
    readTotals(
      store,
      cache,
      { ...request, uid: session.uid },
      tail.pageEnds.find(({ sequence }) => sequence === sealed),
      signal,
    ),
  ]);
  if (read === undefined || before === undefined) return store.readBriefing(request, signal);
  const newest = read.toReversed();
  const after = newest.filter(({ sequence }) => sequence > sealed);
  const pinnedAfter = after.filter(({ pinned }) => pinned);
  return {
    session,
    uptoSequence,
    pinned: [...pinnedAfter, ...before.pinned].slice(0, pinnedLimit),
    pinnedCount: before.pinnedCount + pinnedAfter.length,
    newest: newest.slice(0, newestLimit),
    estimatedTokens: after.reduce((sum, { estimatedTokens }) => sum + estimatedTokens, before.estimatedTokens),
  };
}

interface PinnedTotals extends LogTotals {
  readonly pinned: readonly EntryRecord[];
}

/** Reads the pins and totals up to the end of a page. `end` is undefined if no page is full. */
async function readTotals(
  store: Store,
  cache: PartCache,
  request: ReadBriefing & { readonly uid: string },
  end: AppendedEntry | undefined,
  signal?: AbortSignal,
): Promise<PinnedTotals | undefined> {
  if (end === undefined) return { pinned: [], pinnedCount: 0, estimatedTokens: 0 };
  const key = totalsKey(request.uid, end, request);
  const wanted: WantedPart = { key, isFitting: ({ totals }) => totals !== undefined };
  const load: LoadParts<WantedPart> = async (_, allLeft) => [await loadTotals(store, request, end, allLeft)];
  const [part] = await cache.find([wanted], load, signal);
  if (part?.totals === undefined) return undefined;
  return { ...part.totals, pinned: part.entries.map(giveEntry) };
}

async function loadTotals(
  store: Store,
  { uid, namespace, sessionKey, pinnedLimit, maxContentLength }: ReadBriefing & { readonly uid: string },
  end: AppendedEntry,
  signal: AbortSignal,
): Promise<LogPart | undefined> {
  const request: ReadBriefing = {
    namespace,
    sessionKey,
    uptoSequence: end.sequence,
    pinnedLimit,
    newestLimit: 1,
    maxContentLength,
  };
  const { session, pinned, newest, pinnedCount, estimatedTokens } = await store.readBriefing(request, signal);
  const [last] = newest;
  if (session.uid !== uid || last === undefined || appendName(last) !== appendName(end)) return undefined;
  return { entries: pinned.map(keepEntry), totals: { pinnedCount, estimatedTokens } };
}
