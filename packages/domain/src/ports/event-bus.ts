/**
 * Something that others may be waiting for. An event is a hint, not a fact: it may come late, twice or not at all, and
 * whoever hears it looks at the store.
 */
export type StoreEvent =
  /** An offer is new, or pending again. Without a `targetAgent` it is for anyone. */
  | { readonly kind: 'handoff_offered'; readonly namespace: string; readonly targetAgent?: string | undefined }
  /** A session, its log or its handoffs changed. */
  | { readonly kind: 'session_changed'; readonly namespace: string; readonly sessionKey: string }
  /** Another process did something, and nobody knows what. */
  | { readonly kind: 'something_changed' };

/** Carries events within a process, and between processes as far as the adapter reaches. */
export interface EventBus {
  /** Returns at once and never throws. Subscribers of the same process are among those that hear it. */
  publish(event: StoreEvent): void;
  /** @returns what ends the subscription */
  subscribe(listener: (event: StoreEvent) => void): () => void;
  close(): Promise<void>;
}

/**
 * Reaches the subscribers of this process, and nobody else. What a listener throws is an uncaught exception: it is a defect
 * of the listener, and neither the publisher's nor the other listeners'.
 */
export function createMemoryBus(): EventBus {
  const listeners = new Set<(event: StoreEvent) => void>();
  return {
    publish: (event) => {
      for (const listener of listeners) {
        try {
          listener(event);
        } catch (error) {
          queueMicrotask(() => {
            throw error;
          });
        }
      }
    },
    subscribe: (listener) => {
      // Two subscriptions of one function are two subscriptions.
      const own = (event: StoreEvent): void => listener(event);
      listeners.add(own);
      return () => void listeners.delete(own);
    },
    close: async () => listeners.clear(),
  };
}
