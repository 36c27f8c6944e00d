import { inspectRedis, type RedisInspection } from '@org/redis-connection';
import { describeError } from './describe-error.js';
import { findingsOf, type Finding } from './finding.js';

const { ok, warning, problem } = findingsOf('Redis');

/** Checks the Redis of REDIS_URL. @param isCache whether pages of logs are kept there */
export async function checkRedis(url: string, isCache: boolean): Promise<Finding[]> {
  const { host } = new URL(url);
  try {
    const server = await inspectRedis(url);
    return [ok(`version ${server.version} at ${host}`), ...judgeMemory(server, isCache)];
  } catch (error) {
    const advice = 'Check REDIS_URL, and that the server runs. Without it, changes are seen a little later.';
    return [problem(`${host} cannot be used (${describeError(error)})`, advice)];
  }
}

/** Judges what a server does when its memory is used up. @param isCache whether pages of logs are kept there */
export function judgeMemory({ maxMemoryBytes = NaN, maxMemoryPolicy }: RedisInspection, isCache: boolean): Finding[] {
  const found: Finding[] = [];
  if (isCache && maxMemoryBytes === 0)
    found.push(warning('maxmemory has no limit, so the cache may take all memory', 'Set maxmemory.'));
  if (isCache && maxMemoryBytes > 0 && maxMemoryPolicy === 'noeviction')
    found.push(warning('maxmemory-policy is noeviction: a full Redis caches nothing more', 'Set it to allkeys-lru.'));
  if (maxMemoryPolicy === 'volatile-ttl')
    found.push(warning('maxmemory-policy is volatile-ttl, which drops rate limits first', 'Set it to allkeys-lru.'));
  return found;
}
