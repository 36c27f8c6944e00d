import type { StoreEvent } from '@org/domain';
import type { RedisConnection } from '@org/redis-connection';
import { decodeMessage } from './event-message.js';
import type { ConnectionUse } from './event-sender.js';

export interface EventReceiverOptions {
  readonly channel: string;
  /** Messages of this sender are skipped: they are this process's own. */
  readonly sender: string;
  /** How long the connection outlives the last need for it, in milliseconds. */
  readonly lingerMs: number;
  readonly connect: (use: ConnectionUse) => RedisConnection;
  readonly deliver: (event: StoreEvent) => void;
}

/**
 * Subscribes to the channel while there is a need. After each start of the subscription it delivers `something_changed`,
 * because events before that may have been missed.
 */
export class EventReceiver {
  readonly #options: EventReceiverOptions;
  #connection: RedisConnection | undefined;
  #needs = 0;
  #lingering: NodeJS.Timeout | undefined;

  constructor(options: EventReceiverOptions) {
    this.#options = options;
  }

  /** Returns a function that ends the need. Call it once. */
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
