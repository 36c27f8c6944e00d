export { createMemoryStore, type MemoryStoreOptions } from './memory-store.js';
export { describeStoreContract } from './store-contract.js';
export { describeStoreModel, type ModelSearch } from './store-model.js';
export type { StoreHarness } from './store-scenario.js';
