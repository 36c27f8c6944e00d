import {
  isJSONRPCNotification,
  SUBSCRIPTION_ID_META_KEY,
  type JSONRPCMessage,
  type JSONRPCNotification,
  type MessageExtraInfo,
  type RequestId,
  type Transport,
  type TransportSendOptions,
} from '@modelcontextprotocol/server';
import type { RequestCaller } from '@org/domain';
import { changeNotification } from '../subscriptions/change-notification.js';
import { interestsOf } from '../subscriptions/interests.js';
import { classifyMessage } from '../messages/message.js';
import { refuseParams } from '../messages/refuse-params.js';
import type { ResourceChange, ResourceChanges } from '../subscriptions/resource-changes.js';

/**
 * A connection of one client that sends change notifications. The SDK handles `subscriptions/listen` on such connections
 * without informing the server. This transport learns of a subscription, and of its URIs, from the acknowledgement.
 *
 * For a client that reads slowly, each change is queued once, until it is written.
 */
export class NotifyingTransport implements Transport {
  onclose?: () => void;
  onerror?: (error: Error) => void;
  onmessage?: (message: JSONRPCMessage, extra?: MessageExtraInfo) => void;

  readonly #wire: Transport;
  readonly #changes: ResourceChanges;
  readonly #caller: RequestCaller;
  /** Ends each subscription, by the id of its request. */
  readonly #subscriptions = new Map<RequestId, () => void>();
  /** Change notifications that are not written yet, each once. */
  readonly #unsent = new Map<string, JSONRPCNotification>();
  #isSending = false;

  constructor(wire: Transport, changes: ResourceChanges, caller: RequestCaller) {
    this.#wire = wire;
    this.#changes = changes;
    this.#caller = caller;
  }

  async start(): Promise<void> {
    Object.assign(this.#wire, {
      onmessage: (message: JSONRPCMessage, extra?: MessageExtraInfo) => this.#receive(message, extra),
      onerror: (error: Error) => this.onerror?.(error),
      onclose: () => this.#end(),
    } satisfies Partial<Transport>);
    await this.#wire.start();
  }

  async send(message: JSONRPCMessage, options?: TransportSendOptions): Promise<void> {
    if (isJSONRPCNotification(message)) {
      if (message.method === 'notifications/resources/updated') return this.#queue(message);
      if (message.method === 'notifications/subscriptions/acknowledged') await this.#beginSubscription(message);
    } else if ('id' in message && !('method' in message)) {
      this.#endSubscription(message.id);
    }
    await this.#wire.send(message, options);
  }

  close(): Promise<void> {
    return this.#wire.close();
  }

  setProtocolVersion = (version: string): void => this.#wire.setProtocolVersion?.(version);

  #receive(message: JSONRPCMessage, extra?: MessageExtraInfo): void {
    if (isJSONRPCNotification(message) && message.method === 'notifications/cancelled') {
      this.#endSubscription((message.params as { requestId?: RequestId } | undefined)?.requestId);
    }
    const refusal = refuseParams(classifyMessage(message));
    if (refusal === undefined) this.onmessage?.(message, extra);
    else void this.#wire.send(refusal);
  }

  #end(): void {
    for (const id of this.#subscriptions.keys()) this.#endSubscription(id);
    this.#unsent.clear();
    this.onclose?.();
  }

  async #beginSubscription({ params }: JSONRPCNotification): Promise<void> {
    const id = params?._meta?.[SUBSCRIPTION_ID_META_KEY] as RequestId;
    const meta = { [SUBSCRIPTION_ID_META_KEY]: id };
    let isOver = false;
    this.#subscriptions.set(id, () => {
      isOver = true;
    });
    const notify = (change: ResourceChange): void => this.#queue(changeNotification(change, meta));
    const stop = await this.#changes.watch(interestsOf(params), this.#caller, notify);
    if (isOver) stop();
    else this.#subscriptions.set(id, stop);
  }

  #endSubscription(id: RequestId | undefined): void {
    if (id === undefined) return;
    this.#subscriptions.get(id)?.();
    this.#subscriptions.delete(id);
  }

  #queue(notification: JSONRPCNotification): void {
    const { uri, _meta } = (notification.params ?? {}) as { uri?: string; _meta?: object };
    this.#unsent.set(JSON.stringify([uri, _meta]), notification);
    if (!this.#isSending) void this.#sendAll();
  }

  async #sendAll(): Promise<void> {
    this.#isSending = true;
    for (const [key, notification] of this.#unsent) {
      this.#unsent.delete(key);
      await this.#wire.send(notification).catch((error: unknown) => this.onerror?.(error as Error));
    }
    this.#isSending = false;
  }
}
