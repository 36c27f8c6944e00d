import { createMemoryStore } from './memory-store.js';
import { describeStoreContract } from '../contract/store-contract.js';

describeStoreContract('memory', async () => {
  let skewMs = 0;
  const store = createMemoryStore({ clock: () => Date.now() + skewMs });
  return {
    store,
    advance: (ms) => {
      skewMs += ms;
    },
    close: () => store.close(),
  };
});
