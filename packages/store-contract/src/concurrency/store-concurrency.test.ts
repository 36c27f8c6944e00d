import { openHarness } from '../harness/open-harness.js';
import { createMemoryStore } from '../memory-store/memory-store.js';
import { describeConcurrency } from './store-concurrency.js';

describeConcurrency('memory', async () => {
  const { store, ...harness } = await openHarness((aheadMs) =>
    createMemoryStore({ clock: () => Date.now() + aheadMs() }),
  );
  return { ...harness, stores: [store, store] };
});
