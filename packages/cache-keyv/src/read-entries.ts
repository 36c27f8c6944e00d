import type { EntryPage, ReadEntries, Store } from '@org/domain';
import type { PartCache } from './part-cache.js';
import { readLog } from './read-log.js';
import { readTail } from './read-tail.js';

/** Answers `readEntries` from the cache and the tail of the log. If the cache cannot answer, the store does. */
export async function readEntries(
  store: Store,
  cache: PartCache,
  request: ReadEntries,
  signal?: AbortSignal,
): Promise<EntryPage> {
  const { types, contentOffset, ...range } = request;
  // A filter scans many more entries than it returns.
  if (types !== undefined || contentOffset > 0) return store.readEntries(request, signal);
  const tail = await readTail(store, cache, { ...range, pageSize: cache.pageSize }, signal);
  const { session, scanned } = tail;
  const entries = await readLog(store, cache, request, tail, signal);
  if (entries === undefined) return store.readEntries(request, signal);
  return { session, scanned, entries: request.direction === 'ascending' ? entries : entries.toReversed() };
}
