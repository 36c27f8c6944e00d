import type { AppendedEntry, LogTail, ReadTail, Store } from '@org/domain';
import { appendName, giveEntry, keepEntry, tailKey, type TailPart } from './log-part.js';
import type { PartCache } from './part-cache.js';

/**
 * Answers `readTail`. The tail of the newest entries is remembered: while the log ends with the same append, a look at
 * that append replaces it. A look that finds another append costs a second statement, so it is only taken if the read
 * before found the log unchanged.
 */
export async function readTail(
  store: Store,
  cache: PartCache,
  request: ReadTail,
  signal?: AbortSignal,
): Promise<LogTail> {
  if (!isOfNewest(request)) return store.readTail(request, signal);
  const key = tailKey(request);
  const known = cache.recall(key);
  if (known?.wasUnchanged === true) {
    const { namespace, sessionKey } = request;
    const { session, lastAppend } = await store.readLogEnd({ namespace, sessionKey }, signal);
    if (logName(session.uid, lastAppend) === known.logName) return giveTail(known, session);
  }
  const tail = await store.readTail(request, signal);
  const { session, scanned, pageEnds, entries } = tail;
  const name = logName(session.uid, entries.at(-1) ?? pageEnds.at(-1));
  cache.remember(key, {
    logName: name,
    wasUnchanged: name === known?.logName,
    scanned,
    pageEnds,
    entries: entries.map(keepEntry),
  });
  return tail;
}

/** Other ranges are rarely read twice. */
const isOfNewest = ({ direction, afterSequence, beforeSequence }: ReadTail): boolean =>
  direction === 'descending' && afterSequence === 0 && beforeSequence === undefined;

/** Names a log up to its last append. Two logs of the same name are the same: see `LogTail.pageEnds`. */
const logName = (uid: string, last: AppendedEntry | undefined): string =>
  last === undefined ? uid : `${uid}:${appendName(last)}`;

const giveTail = ({ scanned, pageEnds, entries }: TailPart, session: LogTail['session']): LogTail => ({
  session,
  scanned,
  pageEnds,
  entries: entries.map(giveEntry),
});
