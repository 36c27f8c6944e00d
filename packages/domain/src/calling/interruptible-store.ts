import { mapStore } from '../ports/map-store.js';
import type { StoreOperations } from '../ports/store-operations.js';

/** Returns the store for one call: it passes the call's signal to each operation, so that an abort can end it. */
export const interruptible = (store: StoreOperations, signal: AbortSignal): StoreOperations =>
  mapStore(store, ({ run }) => run(signal));
