export { createConnectionReport, type ConnectionReport, type ConnectionState } from './connection-report.js';
export { inspectRedis, type RedisInspection } from './inspect-redis.js';
export {
  keepConnected,
  type RedisClient,
  type RedisConnection,
  type RedisConnectionOptions,
} from './keep-connected.js';
export { requireRedisUrl } from './redis-url.js';
export { within } from './within.js';
