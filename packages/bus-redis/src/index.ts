export { createRedisBus, type RedisBusOptions } from './create-redis-bus.js';
