import { createClient } from '@redis/client';
import { MissingService, type RowContext } from './row.js';

export interface RedisCpu {
  /** CPU time since it started, in microseconds. */
  readonly usedUs: () => Promise<number>;
}

export async function openRedisCpu(url: string, { resources }: Pick<RowContext, 'resources'>): Promise<RedisCpu> {
  const client = createClient({ url, socket: { reconnectStrategy: false } }).on('error', () => undefined);
  await client.connect().catch((error: unknown) => {
    throw new MissingService(`a Redis at ${new URL(url).host}: start one, or name it in REDIS_TEST_URL`, {
      cause: error,
    });
  });
  resources.defer(() => client.destroy());
  return {
    usedUs: async () => {
      const info = await client.info('cpu');
      const times = [...info.matchAll(/^used_cpu_(?:sys|user):([\d.]+)/gm)].map(([, seconds]) => Number(seconds));
      return times.reduce((sum, seconds) => sum + seconds, 0) * 1e6;
    },
  };
}
