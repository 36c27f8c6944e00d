export { findRedisUrlProblem } from './redis-url.js';
