import type { EventBus } from '@org/domain';
import { createWatchingBus } from '../watching-bus.js';
import type { SqliteStore } from './create-sqlite-store.js';

export interface SqliteBusOptions {
  /** The store in this process. Its own writes are ignored here: its callers publish more exact events for them. */
  readonly store: Pick<SqliteStore, 'dataVersion'>;
  /**
   * How often to poll the file for writes of other processes while the bus has listeners, in milliseconds. Default: 100.
   * A poll takes about a microsecond.
   */
  readonly pollIntervalMs?: number | undefined;
}

/**
 * Carries events within this process. It also publishes `something_changed` when another process has written to the file;
 * SQLite does not report what was written.
 */
export function createSqliteBus({ store, pollIntervalMs = 100 }: SqliteBusOptions): EventBus {
  return createWatchingBus((tell) => {
    let seen = versionOf(store);
    const timer = setInterval(() => {
      const version = versionOf(store);
      if (version === undefined || version === seen) return;
      seen = version;
      tell();
    }, pollIntervalMs);
    // A listener must not keep the process alive.
    timer.unref();
    return () => clearInterval(timer);
  });
}

/** Returns undefined if the file cannot be read. That only delays an event; calls that need the file report the error. */
function versionOf({ dataVersion }: SqliteBusOptions['store']): number | undefined {
  try {
    return dataVersion();
  } catch {
    return undefined;
  }
}
