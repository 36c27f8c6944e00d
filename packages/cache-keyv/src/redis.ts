export { createRedisLevel, type RedisLevelOptions } from './redis-level.js';
