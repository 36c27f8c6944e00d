export { createMemoryStore, type MemoryStoreOptions } from './memory-store.js';
export { describeStoreContract } from './store-contract.js';
export { checkHistory } from './check-history.js';
export type { History } from './history.js';
export { createHistoryRecorder, type HistoryRecorder } from './record-history.js';
export { describeConcurrency, type ConcurrencyOptions, type SharedStores } from './store-concurrency.js';
export { playSeeds, runsOf, type SeededRun, type SeededSearch } from './play-seeds.js';
export { describeStoreModel, type ModelSearch } from './store-model.js';
export type { StoreHarness } from './store-scenario.js';
