import { createMemoryBus, type EventBus } from '@org/domain';

/**
 * A bus that besides looks for what others did to the database, as long as anybody listens: one look serves them all.
 *
 * @param watch begins to look, and calls `tell` when something has changed; returns what ends it
 * @param carrier carries what is published, and is closed with the bus. Default: within this process alone
 */
export function createWatchingBus(
  watch: (tell: () => void) => () => void,
  carrier: EventBus = createMemoryBus(),
): EventBus {
  // What one process sees is no news for the carrier's others, who see it too.
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
