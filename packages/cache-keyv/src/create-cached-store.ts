import { setTimeout as sleep } from 'node:timers/promises';
import { createLifeCycle, mapStore, noTelemetry, type Store, type Telemetry } from '@org/domain';
import { createPartCache } from './part-cache.js';
import { readBriefing } from './read-briefing.js';
import { readEntries } from './read-entries.js';
import type { SharedLevel } from './shared-level.js';

export interface CachedStoreOptions {
  /** The store with all data. It is closed with the cached store. */
  readonly store: Store;
  /**
   * Entries in a page. Smaller pages need more keys for a read; with larger ones, more entries after the last full page
   * are read each time. Default: 16.
   */
  readonly pageSize?: number | undefined;
  /** The most memory that the cache takes, in bytes. Default: 64 MiB. */
  readonly maxBytes?: number | undefined;
  /** How long parts are kept, in milliseconds. Default: an hour. */
  readonly ttlMs?: number | undefined;
  /** Shares parts with other processes. It is closed with the cache. Default: parts are kept in memory alone. */
  readonly shared?: SharedLevel | undefined;
  /** Records lookups. Default: nothing is measured. */
  readonly telemetry?: Telemetry | undefined;
}

/** The longest time that a timer of Node.js takes. */
const longestTimerMs = 2 ** 31 - 1;

/**
 * Creates a store that caches the full pages of logs, which cannot change, and reads everything else from `store`. An
 * answer is never stale: each call reads the session and the log's last append. The entries after the last full page are
 * used again only while the log ends with the same append, and pages are looked up by the append that each ends with.
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
    // `store` ends reads that take longer.
    await settledWithin(withinMs, [settled]);
    const leftMs = Math.max(0, withinMs - (performance.now() - sinceMs));
    stopObserving?.();
    cache.close();
    // Redis may not answer, and take longer than there is time.
    await Promise.all([settledWithin(leftMs, [shared?.close()]), store.close(leftMs)]);
  });

  // A read may make two calls of `store`, which must not be closed between them.
  return {
    ...mapStore(store, ({ run }) => lifeCycle.run(() => run())),
    readEntries: (request, signal) => lifeCycle.run(() => readEntries(store, cache, request, signal)),
    readBriefing: (request, signal) => lifeCycle.run(() => readBriefing(store, cache, request, signal)),
    ping: () => lifeCycle.run(() => store.ping()),
    close: lifeCycle.close,
  };
}

/** Waits until all promises have settled, for at most `ms` milliseconds. */
async function settledWithin(ms: number, promises: Iterable<unknown>): Promise<void> {
  const timer = new AbortController();
  const tooLong = sleep(Math.min(ms, longestTimerMs), undefined, { signal: timer.signal }).catch(() => undefined);
  await Promise.race([Promise.allSettled(promises), tooLong]);
  timer.abort();
}
