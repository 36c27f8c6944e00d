import { redisUrl } from '@org/redis-connection/testing';
import type { Symptoms } from './symptoms.js';

/** What needs PostgreSQL and Redis. */
export const postgresRedisSymptoms: Symptoms = {
  'Redis refuses the password': async (scene) => {
    const { url } = await scene.database();
    const server = await scene.serve({
      DATABASE_URL: url,
      REDIS_URL: Object.assign(new URL(redisUrl), { username: 'nobody', password: 'wrong' }).href,
      CACHE_MEMORY_MIB: '1',
      CACHE_REDIS: 'true',
    });
    await server.call('registerSession', { sessionKey: 'work', agent: 'planner' });
  },
};
