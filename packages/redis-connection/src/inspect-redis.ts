import { createClient } from '@redis/client';
import { within } from './within.js';

/** What a Redis server is like. */
export interface RedisInspection {
  readonly version: string;
  /** The memory that it may use, in bytes. 0: without a limit. Undefined if its user may not see it. */
  readonly maxMemoryBytes: number | undefined;
  /** What it does once that is used up, such as `allkeys-lru`. Undefined if its user may not see it. */
  readonly maxMemoryPolicy: string | undefined;
}

const limitMs = 3000;

/** Looks at a server, and changes nothing. @throws errors of the library, or of a server that does not answer in time */
export async function inspectRedis(url: string): Promise<RedisInspection> {
  const client = createClient({
    url,
    disableClientInfo: true,
    socket: { connectTimeout: limitMs, reconnectStrategy: false },
  });
  // The command under way reports the error.
  client.on('error', () => undefined);
  try {
    await within(limitMs, client.connect());
    const info = await within(limitMs, client.info());
    const field = (name: string): string | undefined => new RegExp(`^${name}:(.*?)\\r?$`, 'm').exec(info)?.[1];
    const maxMemory = field('maxmemory');
    return {
      version: field('redis_version') ?? 'unknown',
      maxMemoryBytes: maxMemory === undefined ? undefined : Number(maxMemory),
      maxMemoryPolicy: field('maxmemory_policy'),
    };
  } finally {
    if (client.isOpen) client.destroy();
  }
}
