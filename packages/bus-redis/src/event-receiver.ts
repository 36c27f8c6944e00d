import type { StoreEvent } from '@org/domain';
import type { ConnectionUse } from './event-sender.js';
import { decodeMessage } from './event-message.js';
import type { RedisConnection } from './redis-connection.js';

export interface EventReceiverOptions {
  readonly channel: string;
  /** Whose messages are left out. */
  readonly sender: string;
  /** For how long the connection outlives the last who needs it, in milliseconds. */
  readonly lingerMs: number;
  readonly connect: (use: ConnectionUse) => RedisConnection;
  readonly deliver: (event: StoreEvent) => void;
}

/**
 * Hears the channel as long as somebody needs it. Whenever it begins to hear, after an interruption too, it delivers
 * `something_changed`: nobody knows what happened before.
 */
export class EventReceiver {
  readonly #options: EventReceiverOptions;
  #connection: RedisConnection | undefined;
  #needs = 0;
  #lingering: NodeJS.Timeout | undefined;

  constructor(options: EventReceiverOptions) {
    this.#options = options;
  }

  /** @returns what ends the need; to be called once */
  need(): () => void {
    this.#needs += 1;
    clearTimeout(this.#lingering);
    const { channel, connect, deliver } = this.#options;
    this.#connection ??= connect({
      prepare: (client) => client.subscribe(channel, (message) => this.#receive(message)),
      onUp: () => deliver({ kind: 'something_changed' }),
    });
    return () => {
      this.#needs -= 1;
      if (this.#needs > 0 || this.#connection === undefined) return;
      this.#lingering = setTimeout(() => void this.close(), this.#options.lingerMs);
    };
  }

  async close(): Promise<void> {
    clearTimeout(this.#lingering);
    const connection = this.#connection;
    this.#connection = undefined;
    await connection?.close();
  }

  #receive(text: string): void {
    const message = decodeMessage(text);
    if (message === undefined || message.sender === this.#options.sender) return;
    for (const event of message.events) this.#options.deliver(event);
  }
}
