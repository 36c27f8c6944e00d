import { setTimeout as sleep } from 'node:timers/promises';
import type { StoreEvent } from '@org/domain';
import { encodeMessage, maxMessageEvents } from './event-message.js';
import { createPendingEvents } from './pending-events.js';
import type { RedisClient, RedisConnection, RedisConnectionOptions } from './redis-connection.js';

/** What a connection is used for, as far as its user says. */
export type ConnectionUse = Pick<RedisConnectionOptions, 'prepare' | 'onUp'>;

export interface EventSenderOptions {
  readonly channel: string;
  readonly sender: string;
  /** For how long changes gather, in milliseconds. */
  readonly gatherMs: number;
  readonly connect: (use: ConnectionUse) => RedisConnection;
}

/** How long closing waits for the last message. */
const lastMessageLimitMs = 500;

/**
 * Sends events to the channel: one message at a time, however many events come, and the next one after its answer. What
 * comes meanwhile, or while there is no connection, waits within bounds. The connection begins with the first event.
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
      // It also shows whether we may publish: a message without events is one.
      prepare: (client) => this.#sendPending(client),
      onUp: () => this.#sendWhatIsDue(),
    });
    // Somebody waits for an offer; a change is one of many, as a rule.
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
      // It may have been sent: an event may come twice.
      for (const event of events) this.#pending.add(event);
      throw error;
    }
  }
}
