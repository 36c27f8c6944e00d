import { setTimeout as sleep } from 'node:timers/promises';
import type { StoreEvent } from '@org/domain';
import type { RedisClient, RedisConnection, RedisConnectionOptions } from '@org/redis-connection';
import { encodeMessage, maxMessageEvents } from './event-message.js';
import { createPendingEvents } from './pending-events.js';

/** What the sender and the receiver do with a connection when it comes up. */
export type ConnectionUse = Required<Pick<RedisConnectionOptions, 'prepare'>> & { readonly onUp: () => void };

export interface EventSenderOptions {
  readonly channel: string;
  readonly sender: string;
  /** How long changes of sessions are gathered, in milliseconds. */
  readonly gatherMs: number;
  readonly connect: (use: ConnectionUse) => RedisConnection;
}

/** How long closing waits for the last message. */
const lastMessageLimitMs = 500;

/**
 * Sends events to the channel, one message at a time: the next follows the answer to the one before. Events that arrive
 * meanwhile, or without a connection, wait in a bounded queue. The connection is opened for the first event.
 */
export class EventSender {
  readonly #options: EventSenderOptions;
  readonly #pending = createPendingEvents(maxMessageEvents);
  #connection: RedisConnection | undefined;
  #gathering: NodeJS.Timeout | undefined;
  #isDue = false;
  #sending: Promise<void> | undefined;

  constructor(options: EventSenderOptions) {
    this.#options = options;
  }

  send(event: StoreEvent): void {
    this.#pending.add(event);
    this.#connection ??= this.#options.connect({
      // Even without events a message is sent: it shows whether Redis lets this process publish.
      prepare: (client) => this.#sendPending(client),
      onUp: () => this.#sendWhatIsDue(),
    });
    // An agent may be waiting for an offer. Changes of sessions are frequent and can be gathered.
    if (event.kind === 'session_changed') this.#gathering ??= setTimeout(() => this.#send(), this.#options.gatherMs);
    else this.#send();
  }

  async close(): Promise<void> {
    this.#send();
    await Promise.race([this.#sending, sleep(lastMessageLimitMs, undefined, { ref: false })]);
    await this.#connection?.close();
  }

  #send(): void {
    clearTimeout(this.#gathering);
    this.#gathering = undefined;
    this.#isDue = true;
    this.#sendWhatIsDue();
  }

  #sendWhatIsDue(): void {
    const client = this.#connection?.client();
    if (client !== undefined && this.#hasDue()) this.#sending ??= this.#sendBy(client);
  }

  #hasDue(): boolean {
    return this.#isDue && !this.#pending.isEmpty();
  }

  async #sendBy(client: RedisClient): Promise<void> {
    try {
      do {
        this.#isDue = false;
        await this.#sendPending(client);
      } while (this.#hasDue());
    } catch (error) {
      this.#connection?.renew(error);
    } finally {
      this.#sending = undefined;
    }
  }

  async #sendPending(client: RedisClient): Promise<void> {
    const events = this.#pending.take();
    try {
      await client.publish(this.#options.channel, encodeMessage({ sender: this.#options.sender, events }));
    } catch (error) {
      // The message may have been sent all the same. An event that arrives twice does no harm.
      for (const event of events) this.#pending.add(event);
      throw error;
    }
  }
}
