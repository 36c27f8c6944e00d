import { ContextStoreError, noTelemetry, type Store, type Telemetry } from '@org/domain';
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
  const underWay = new Set<Promise<unknown>>();
  let closing: Promise<void> | undefined;

  /** A read may take two of the other store's, which must not be closed between them. */
  const serve =
    <Request, Answer>(operation: (request: Request) => Promise<Answer>) =>
    async (request: Request): Promise<Answer> => {
      if (closing !== undefined)
        throw new ContextStoreError('STORE_UNAVAILABLE', 'The store is closed. Open it again.');
      const answer = operation(request);
      underWay.add(answer);
      try {
        return await answer;
      } finally {
        underWay.delete(answer);
      }
    };

  async function close(): Promise<void> {
    await Promise.allSettled(underWay);
    await Promise.all([shared?.close(), store.close()]);
  }

  return {
    createSession: serve((request) => store.createSession(request)),
    readSession: serve((request) => store.readSession(request)),
    listSessions: serve((request) => store.listSessions(request)),
    listSessionKeys: serve((request) => store.listSessionKeys(request)),
    updateSession: serve((request) => store.updateSession(request)),
    deleteSession: serve((request) => store.deleteSession(request)),
    appendEntry: serve((request) => store.appendEntry(request)),
    readEntries: serve((request) => readEntries(store, cache, request)),
    readTail: serve((request) => store.readTail(request)),
    markRead: serve((request) => store.markRead(request)),
    readBriefing: serve((request) => readBriefing(store, cache, request)),
    createHandoff: serve((request) => store.createHandoff(request)),
    listHandoffs: serve((request) => store.listHandoffs(request)),
    peekInboxes: serve((request) => store.peekInboxes(request)),
    claimHandoff: serve((request) => store.claimHandoff(request)),
    resolveHandoff: serve((request) => store.resolveHandoff(request)),
    countNamespace: serve((request) => store.countNamespace(request)),
    ping: () => serve(() => store.ping())(undefined),
    close: () => (closing ??= close()),
  };
}
