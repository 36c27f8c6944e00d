import { ContextStoreError } from '@org/domain';

/**
 * Returns what is wrong with a text that should be the URL of a Redis server, and how to mend it; undefined if it is one.
 * The answer does not repeat the text, which may hold a password.
 */
export function findRedisUrlProblem(url: string): string | undefined {
  return isRedisUrl(url)
    ? undefined
    : 'not the URL of a Redis server; write it as redis://user:password@host:port (or rediss:// for TLS), with special characters percent-encoded.';
}

function isRedisUrl(url: string): boolean {
  if (!URL.canParse(url)) return false;
  const { protocol, hostname, username, password, pathname } = new URL(url);
  try {
    decodeURIComponent(username + password);
  } catch {
    return false;
  }
  return /^rediss?:$/.test(protocol) && hostname !== '' && /^(\/\d*)?$/.test(pathname);
}

/** @throws VALIDATION_ERROR */
export function requireRedisUrl(url: string): void {
  const problem = findRedisUrlProblem(url);
  if (problem === undefined) return;
  throw new ContextStoreError('VALIDATION_ERROR', `redis: ${problem}`, {
    issues: [{ path: 'redis', message: problem }],
  });
}
