export { createMemoryStore, type MemoryStoreOptions } from './memory-store/memory-store.js';
export { describeStoreContract } from './contract/store-contract.js';
export { checkHistory } from './history/check-history.js';
export type { History } from './history/history.js';
export { createHistoryRecorder, type HistoryRecorder } from './history/record-history.js';
export { describeConcurrency, type ConcurrencyOptions, type SharedStores } from './concurrency/store-concurrency.js';
export { playSeeds, runsOf, type SeededRun, type SeededSearch } from './play-seeds.js';
export { describeStoreModel, type ModelSearch } from './model/store-model.js';
export type { StoreHarness } from './store-scenario.js';
