import { setTimeout as sleep } from 'node:timers/promises';
import { createLifeCycle, noTelemetry, type Store, type Telemetry } from '@org/domain';
import { createPartCache } from './part-cache.js';
import { readBriefing } from './read-briefing.js';
import { readEntries } from './read-entries.js';
import type { SharedLevel } from './shared-level.js';

export interface CachedStoreOptions {
  /** Where everything lies. It is closed with the cached one. */
  readonly store: Store;
  /** How many entries are a page: fewer are more keys for one read, more are read again with each one written. Default 16. */
  readonly pageSize?: number | undefined;
  /** How much memory the cache may take, in bytes. Default 64 MiB. */
  readonly maxBytes?: number | undefined;
  /** How long anything is kept, in milliseconds. Default: an hour. */
  readonly ttlMs?: number | undefined;
  /** What processes share what they found by; it is closed with the cache. Absent: each has its own memory alone. */
  readonly shared?: SharedLevel | undefined;
  /** Absent: nowhere. */
  readonly telemetry?: Telemetry | undefined;
}

/** The longest time that a timer of Node.js takes. */
const longestTimerMs = 2 ** 31 - 1;

/**
 * A store that keeps the full pages of logs, which cannot change, and reads everything else from another store. Each
 * answer tells the state of the database at the time of the call, as the other store's own would: the session and what
 * is behind the last full page are read every time, and pages are looked up by the appends that they end by.
 */
export function createCachedStore({
  store,
  pageSize = 16,
  maxBytes = 64 * 1024 * 1024,
  ttlMs = 3_600_000,
  telemetry = noTelemetry,
  shared,
}: CachedStoreOptions): Store {
  const cache = createPartCache({ pageSize, maxBytes, ttlMs, telemetry, shared });
  const stopObserving = shared && telemetry.observeLink('cache', shared.isUp);
  const lifeCycle = createLifeCycle(async (settled, withinMs) => {
    const sinceMs = performance.now();
    // Reads that take longer are ended by the other store.
    await settledWithin(withinMs, [settled]);
    const leftMs = Math.max(0, withinMs - (performance.now() - sinceMs));
    stopObserving?.();
    cache.close();
    // Redis may be silent just now, and owes an answer for longer.
    await Promise.all([settledWithin(leftMs, [shared?.close()]), store.close(leftMs)]);
  });

  /** A read may take two of the other store's, which must not be closed between them. */
  const serve =
    <Request, Answer>(operation: (request: Request, signal?: AbortSignal) => Promise<Answer>) =>
    (request: Request, signal?: AbortSignal): Promise<Answer> =>
      lifeCycle.run(() => operation(request, signal));

  return {
    createSession: serve((request, signal) => store.createSession(request, signal)),
    readSession: serve((request, signal) => store.readSession(request, signal)),
    listSessions: serve((request, signal) => store.listSessions(request, signal)),
    listSessionKeys: serve((request, signal) => store.listSessionKeys(request, signal)),
    updateSession: serve((request, signal) => store.updateSession(request, signal)),
    deleteSession: serve((request, signal) => store.deleteSession(request, signal)),
    appendEntry: serve((request, signal) => store.appendEntry(request, signal)),
    readEntries: serve((request, signal) => readEntries(store, cache, request, signal)),
    readTail: serve((request, signal) => store.readTail(request, signal)),
    markRead: serve((request, signal) => store.markRead(request, signal)),
    readBriefing: serve((request, signal) => readBriefing(store, cache, request, signal)),
    createHandoff: serve((request, signal) => store.createHandoff(request, signal)),
    listHandoffs: serve((request, signal) => store.listHandoffs(request, signal)),
    peekInboxes: serve((request) => store.peekInboxes(request)),
    claimHandoff: serve((request, signal) => store.claimHandoff(request, signal)),
    resolveHandoff: serve((request, signal) => store.resolveHandoff(request, signal)),
    countNamespace: serve((request, signal) => store.countNamespace(request, signal)),
    ping: () => serve(() => store.ping())(undefined),
    close: lifeCycle.close,
  };
}

/** Waits until all of these are over, or the time is. */
async function settledWithin(ms: number, promises: Iterable<unknown>): Promise<void> {
  const timer = new AbortController();
  const tooLong = sleep(Math.min(ms, longestTimerMs), undefined, { signal: timer.signal }).catch(() => undefined);
  await Promise.race([Promise.allSettled(promises), tooLong]);
  timer.abort();
}
