/**
 * A change that other calls may be waiting for. An event is a hint, not a fact: it may come late, twice or not at all.
 * Listeners read the store to learn what is true.
 */
export type StoreEvent =
  | {
      /** An offer is new, or pending again. */
      readonly kind: 'handoff_offered';
      /** Its namespace. */
      readonly namespace: string;
      /** Its address. Absent if any agent may accept it. */
      readonly targetAgent?: string | undefined;
      /** The project of its session. Absent if it has none. */
      readonly project?: string | undefined;
    }
  | {
      /** A session, its log or its handoffs changed. */
      readonly kind: 'session_changed';
      /** Its namespace. */
      readonly namespace: string;
      /** Its key. */
      readonly sessionKey: string;
    }
  | {
      /** Another process changed something; what it was is not known. */
      readonly kind: 'something_changed';
    };

/** Carries events within a process, and to other processes if the adapter can. */
export interface EventBus {
  /** Sends an event to all subscribers, those of this process included. Returns at once and never throws. */
  publish(event: StoreEvent): void;
  /** @returns a function that ends the subscription */
  subscribe(listener: (event: StoreEvent) => void): () => void;
  close(): Promise<void>;
}

/**
 * Creates a bus within this process. An error that a listener throws becomes an uncaught exception: it is a defect of
 * that listener, so neither the publisher nor other listeners see it.
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
      // A wrapper for each subscription, so that one function can subscribe twice.
      const own = (event: StoreEvent): void => listener(event);
      listeners.add(own);
      return () => void listeners.delete(own);
    },
    close: async () => listeners.clear(),
  };
}
