export { createMemoryStore, type MemoryStoreOptions } from './memory-store.js';
export { describeStoreContract } from './store-contract.js';
export type { StoreHarness } from './store-scenario.js';
