import type { EventBus } from '@org/domain';
import { createWatchingBus } from '../watching-bus.js';
import type { SqliteStore } from './create-sqlite-store.js';

export interface SqliteBusOptions {
  /** The store in this process. What it writes itself is no news: whoever calls it tells the bus more exactly. */
  readonly store: Pick<SqliteStore, 'dataVersion'>;
  /**
   * How often to look whether others have written, in milliseconds, while anybody listens. Default 100: a look takes
   * about a microsecond, and nobody minds to wait that long for another agent.
   */
  readonly pollIntervalMs?: number | undefined;
}

/**
 * Carries events within this process, and tells that `something_changed` when another process has written to the file:
 * SQLite knows that, and no more.
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
    // Listening alone keeps no process alive.
    timer.unref();
    return () => clearInterval(timer);
  });
}

/** Undefined when the file cannot be read now. The calls that need it say so; a hint that is missing is only late. */
function versionOf({ dataVersion }: SqliteBusOptions['store']): number | undefined {
  try {
    return dataVersion();
  } catch {
    return undefined;
  }
}
