import { mapStore } from '../ports/map-store.js';
import type { StoreOperations } from '../ports/store-operations.js';

/** A store for one call, whose operations may be given up once nobody needs its answer any more. */
export const interruptible = (store: StoreOperations, signal: AbortSignal): StoreOperations =>
  mapStore(store, ({ run }) => run(signal));
