import { createMemoryStore } from '../memory-store/memory-store.js';
import { describeConcurrency } from './store-concurrency.js';

describeConcurrency('memory', async () => {
  let skewMs = 0;
  const store = createMemoryStore({ clock: () => Date.now() + skewMs });
  return { stores: [store, store], advance: (ms) => void (skewMs += ms), close: () => store.close() };
});
