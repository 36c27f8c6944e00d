import { createClient } from '@redis/client';
import type { RedisClient } from '../keep-connected.js';

/** Where Redis is expected. */
export const redisUrl: string = process.env['REDIS_TEST_URL'] ?? 'redis://127.0.0.1:6379';

/** Sends commands to Redis past the code under test. */
export interface PlainClient {
  readonly command: (...words: string[]) => Promise<unknown>;
  /** The messages of a channel from now on, as they come. */
  readonly listen: (channel: string) => Promise<string[]>;
  readonly close: () => void;
}

export async function plainClient(url: string = redisUrl): Promise<PlainClient> {
  const open = (): Promise<RedisClient> =>
    createClient({ url })
      .on('error', () => undefined)
      .connect();
  const connections = [await open()];
  return {
    command: (...words) => (connections[0] as RedisClient).sendCommand(words),
    listen: async (channel) => {
      const messages: string[] = [];
      const connection = await open();
      connections.push(connection);
      await connection.subscribe(channel, (message) => messages.push(message));
      return messages;
    },
    close: () => {
      for (const connection of connections) connection.destroy();
    },
  };
}
