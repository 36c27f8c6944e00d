export { createRedisLevel, type RedisCacheState, type RedisLevelOptions } from './redis-level.js';
