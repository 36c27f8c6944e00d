import type { EventBus } from '@org/domain';
import { createWatchingBus } from '../watching-bus.js';
import type { PostgresStore } from './create-postgres-store.js';

/** What carries events between processes faster, and says more exactly what changed, than the database can. */
export interface EventCarrier {
  readonly bus: EventBus;
  /** Whether this process is connected to the others just now. */
  readonly isUp: () => boolean;
}

export interface PostgresBusOptions {
  readonly store: Pick<PostgresStore, 'readChangeMark'>;
  /** Absent: events are carried within this process alone. It is closed with the bus. */
  readonly carrier?: EventCarrier | undefined;
  /** How often to look whether anything was written, in milliseconds, while anybody listens. Default 500. */
  readonly pollIntervalMs?: number | undefined;
}

/**
 * A carrier loses what a process has no time to publish any more, or cannot. So there is a look now and then though it is
 * up: each so many intervals.
 */
const intervalsBesideCarrier = 20;

/**
 * Carries events as its carrier does, and tells that `something_changed` when anybody has written to the server: it
 * cannot know who did, or where. It begins with telling so, as nobody knows what happened before.
 */
export function createPostgresBus({ store, carrier, pollIntervalMs = 500 }: PostgresBusOptions): EventBus {
  return createWatchingBus((tell) => {
    let seen: string | undefined;
    let isLooking = false;
    let intervals = 0;

    async function look(): Promise<void> {
      isLooking = true;
      // The calls that need a database say that it is away; a hint that is missing is only late.
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
    // Listening alone keeps no process alive.
    timer.unref();
    return () => clearInterval(timer);
  }, carrier?.bus);
}
