import type { EventBus } from '@org/domain';
import { createWatchingBus } from '../watching-bus.js';
import type { PostgresStore } from './create-postgres-store.js';

/** Carries events between processes. It is faster than polling the database, and its events say what changed. */
export interface EventCarrier {
  readonly bus: EventBus;
  /** Whether this process is connected to the others at present. */
  readonly isUp: () => boolean;
}

export interface PostgresBusOptions {
  readonly store: Pick<PostgresStore, 'readChangeMark'>;
  /** Is closed with the bus. Default: events stay within this process. */
  readonly carrier?: EventCarrier | undefined;
  /** How often to poll the database for writes while the bus has listeners, in milliseconds. Default: 500. */
  readonly pollIntervalMs?: number | undefined;
}

/**
 * A carrier misses the events that a process failed to publish, for example because it crashed. So the database is polled
 * while the carrier is up too, once in this number of intervals.
 */
const intervalsBesideCarrier = 20;

/**
 * Carries events by its carrier. It also publishes `something_changed` when any process has written to the server; polling
 * does not show what was written. The first poll always publishes, because earlier changes are unknown.
 */
export function createPostgresBus({ store, carrier, pollIntervalMs = 500 }: PostgresBusOptions): EventBus {
  return createWatchingBus((tell) => {
    let seen: string | undefined;
    let isLooking = false;
    let intervals = 0;

    async function look(): Promise<void> {
      isLooking = true;
      // A failed poll only delays the event. Calls that need the database report that it is unavailable.
      const mark = await store.readChangeMark().catch(() => seen);
      isLooking = false;
      if (mark === seen) return;
      seen = mark;
      tell();
    }

    const timer = setInterval(() => {
      intervals += 1;
      const isDue = carrier?.isUp() !== true || intervals % intervalsBesideCarrier === 0;
      if (isDue && !isLooking) void look();
    }, pollIntervalMs);
    // A listener must not keep the process alive.
    timer.unref();
    return () => clearInterval(timer);
  }, carrier?.bus);
}
