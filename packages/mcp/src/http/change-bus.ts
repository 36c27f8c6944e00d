import { AsyncLocalStorage } from 'node:async_hooks';
import type { ServerEvent, ServerEventBus } from '@modelcontextprotocol/server';
import type { RequestCaller } from '@org/domain';
import type { Interests } from '../subscriptions/interests.js';
import type { ResourceChange, ResourceChanges } from '../subscriptions/resource-changes.js';

/** A subscription of a request that the SDK is handling. */
interface Subscription {
  /** Undefined until the SDK subscribes. */
  listener?: (event: ServerEvent) => void;
  readonly stop: () => void;
}

/**
 * The SDK delivers every event of its bus to every subscription, filtered only by the URIs that the client asked for. This bus
 * delivers to each subscription its own changes. It finds the subscription by the asynchronous context in which the SDK
 * handles the request.
 */
export class ChangeBus implements ServerEventBus {
  readonly #changes: ResourceChanges;
  readonly #current = new AsyncLocalStorage<Subscription>();

  constructor(changes: ResourceChanges) {
    this.#changes = changes;
  }

  /** Lets the SDK serve a request to listen. @throws ProtocolError as `ResourceChanges.watch` does */
  async watching(interests: Interests, caller: RequestCaller, serve: () => Promise<Response>): Promise<Response> {
    let subscription: Subscription | undefined;
    const notify = (change: ResourceChange): void => subscription?.listener?.(eventOf(change));
    subscription = { stop: await this.#changes.watch(interests, caller, notify) };
    try {
      return await this.#current.run(subscription, serve);
    } finally {
      if (subscription.listener === undefined) subscription.stop();
    }
  }

  subscribe(listener: (event: ServerEvent) => void): () => void {
    const subscription = this.#current.getStore();
    if (subscription === undefined) return () => undefined;
    subscription.listener = listener;
    return subscription.stop;
  }

  /** No-op: changes are delivered to each subscription directly, never broadcast. */
  publish(): void {}
}

const eventOf = (change: ResourceChange): ServerEvent =>
  change === 'list' ? { kind: 'resources_list_changed' } : { kind: 'resource_updated', uri: change.uri };
