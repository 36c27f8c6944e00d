export { keepConnected, type RedisClient, type RedisConnection } from './redis-connection.js';
export { createStateReport, type RedisBusState } from './state-report.js';
