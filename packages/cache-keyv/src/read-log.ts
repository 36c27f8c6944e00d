import {
  sliceCodePoints,
  type AppendedEntry,
  type EntryRecord,
  type LogTail,
  type ReadEntries,
  type SessionRef,
  type Store,
} from '@org/domain';
import { giveEntry, isPage, keepEntry, keptContentLength, pageKey, type KeptEntry, type LogPart } from './log-part.js';
import type { PartCache, WantedPart } from './part-cache.js';

interface WantedPage extends WantedPart {
  readonly end: AppendedEntry;
}

/**
 * Returns the entries that a tail scanned, ascending: those of full pages from the cache, the others from the tail.
 * Returns undefined if the log has changed since the tail was read, or if the request wants more of a content than is kept.
 */
export async function readLog(
  store: Store,
  cache: PartCache,
  request: Pick<ReadEntries, 'namespace' | 'sessionKey' | 'maxContentLength'>,
  { session, scanned, pageEnds, entries }: LogTail,
  signal?: AbortSignal,
): Promise<readonly EntryRecord[] | undefined> {
  const { uid } = session;
  const { pageSize } = cache;
  const wanted = pageEnds
    .filter(({ sequence }) => sequence >= scanned.first && sequence - pageSize < scanned.last)
    .map((end): WantedPage => ({
      end,
      key: pageKey(uid, pageSize, end),
      isFitting: (part) => isPage(part, pageSize, end),
    }));
  const pages = await cache.find(
    wanted,
    (missing, allLeft) => readPages(store, { ...request, uid, pageSize }, missing, allLeft),
    signal,
  );
  const known: EntryRecord[] = [];
  for (const page of pages) {
    for (const kept of page?.entries ?? []) {
      if (kept.sequence < scanned.first || kept.sequence > scanned.last) continue;
      const entry = entryOf(kept, request.maxContentLength);
      if (entry === undefined) return undefined;
      known.push(entry);
    }
  }
  if (pages.includes(undefined)) return undefined;
  return [...known, ...entries];
}

/** Returns a copy of an entry for a caller, or undefined if the request wants more of its content than is kept. */
function entryOf(kept: KeptEntry, maxContentLength: number): EntryRecord | undefined {
  if (kept.contentCut && maxContentLength > keptContentLength) return undefined;
  if (kept.content.length <= maxContentLength) return giveEntry(kept);
  const { text, cut } = sliceCodePoints(kept.content, 0, maxContentLength);
  return { ...giveEntry(kept), content: text, contentCut: cut || kept.contentCut };
}

/** Reads pages from the database, adjacent pages together. A page that is another one by now is undefined. */
async function readPages(
  store: Store,
  { namespace, sessionKey, uid, pageSize }: SessionRef & { readonly uid: string; readonly pageSize: number },
  wanted: readonly WantedPage[],
  signal: AbortSignal,
): Promise<(LogPart | undefined)[]> {
  const parts = await Promise.all(
    neighbours(wanted, pageSize).map(async (run): Promise<(LogPart | undefined)[]> => {
      const request: ReadEntries = {
        namespace,
        sessionKey,
        direction: 'ascending',
        afterSequence: (run[0]?.end.sequence ?? 0) - pageSize,
        limit: run.length * pageSize,
        contentOffset: 0,
        maxContentLength: keptContentLength,
      };
      const { session, entries } = await store.readEntries(request, signal);
      const kept = entries.map(keepEntry);
      return run.map(({ isFitting }, index) => {
        const page = { entries: kept.slice(index * pageSize, (index + 1) * pageSize) };
        return session.uid === uid && isFitting(page) ? page : undefined;
      });
    }),
  );
  return parts.flat();
}

/** Groups ascending pages into runs without gaps. */
function neighbours(wanted: readonly WantedPage[], pageSize: number): WantedPage[][] {
  const runs: WantedPage[][] = [];
  for (const page of wanted) {
    const run = runs.at(-1);
    if (run?.at(-1)?.end.sequence === page.end.sequence - pageSize) run.push(page);
    else runs.push([page]);
  }
  return runs;
}
