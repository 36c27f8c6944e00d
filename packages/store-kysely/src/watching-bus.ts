import { createMemoryBus, type EventBus } from '@org/domain';

/**
 * Creates a bus that also watches the database for changes by other processes, while it has listeners.
 *
 * @param watch starts to watch the database, and calls `tell` after a change. Returns a function that stops it
 * @param carrier carries the published events, and is closed with the bus. Default: events stay within this process
 */
export function createWatchingBus(
  watch: (tell: () => void) => () => void,
  carrier: EventBus = createMemoryBus(),
): EventBus {
  // Changes that were watched are not sent to the carrier, because the other processes watch the database too.
  const seen = createMemoryBus();
  let listeners = 0;
  let stopWatching: (() => void) | undefined;

  function leave(): void {
    listeners -= 1;
    if (listeners > 0) return;
    stopWatching?.();
    stopWatching = undefined;
  }

  return {
    publish: (event) => carrier.publish(event),
    subscribe: (listener) => {
      const unsubscribe = [carrier.subscribe(listener), seen.subscribe(listener)];
      listeners += 1;
      stopWatching ??= watch(() => seen.publish({ kind: 'something_changed' }));
      let isOver = false;
      return () => {
        if (isOver) return;
        isOver = true;
        for (const end of unsubscribe) end();
        leave();
      };
    },
    close: async () => {
      stopWatching?.();
      await Promise.all([carrier.close(), seen.close()]);
    },
  };
}
