export { createCachedStore, type CachedStoreOptions } from './create-cached-store.js';
