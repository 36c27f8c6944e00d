import type { Store } from '@org/domain';
import type { StoreHarness } from './store-harness.js';

/**
 * Opens a harness for a store that takes its time from a function.
 *
 * @param open opens the store. It gets a function that says how many milliseconds the store's clock is ahead of the system's
 * @param remove removes what the store left behind. Is called after the store was closed
 */
export async function openHarness(
  open: (aheadMs: () => number) => Promise<Store> | Store,
  remove?: () => Promise<void> | void,
): Promise<StoreHarness> {
  let aheadMs = 0;
  const store = await open(() => aheadMs);
  return {
    store,
    advance: (ms) => {
      aheadMs += ms;
    },
    close: async () => {
      await store.close();
      await remove?.();
    },
  };
}
