export { createCachedStore, type CachedStoreOptions } from './create-cached-store.js';
export type { RedisCacheState, RedisLevelOptions } from './redis-level.js';
