export { createCachedStore, type CachedStoreOptions } from './create-cached-store.js';
export type { SharedLevel } from './shared-level.js';
