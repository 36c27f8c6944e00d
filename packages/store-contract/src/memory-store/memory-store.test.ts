import { describeStoreContract } from '../contract/store-contract.js';
import { openHarness } from '../harness/open-harness.js';
import { createMemoryStore } from './memory-store.js';

describeStoreContract('memory', () =>
  openHarness((aheadMs) => createMemoryStore({ clock: () => Date.now() + aheadMs() })),
);
