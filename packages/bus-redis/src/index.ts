export { createRedisBus, type RedisBusOptions } from './create-redis-bus.js';
export type { RedisBusState } from './state-report.js';
