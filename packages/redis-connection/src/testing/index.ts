export { eventually } from './eventually.js';
export { plainClient, redisUrl, type PlainClient } from './redis-client.js';
export { redisServer, type RedisServer } from './start-redis-server.js';
