import type { Store } from '@org/domain';

/** The operations that get a span. */
const tracedOperations = {
  createSession: true,
  readSession: true,
  listSessions: true,
  listSessionKeys: true,
  updateSession: true,
  deleteSession: true,
  appendEntry: true,
  readEntries: true,
  readTail: true,
  markRead: true,
  readBriefing: true,
  createHandoff: true,
  readHandoff: true,
  listHandoffs: true,
  peekInboxes: true,
  claimHandoff: true,
  resolveHandoff: true,
  countNamespace: true,
} as const satisfies Record<Exclude<keyof Store, 'ping' | 'close'>, true>;

type TracedOperation = keyof typeof tracedOperations;

/** Wraps a store: each operation runs inside `trace`. */
export function tracedStore(store: Store, trace: <T>(name: string, run: () => Promise<T>) => Promise<T>): Store {
  const traced = (Object.keys(tracedOperations) as TracedOperation[]).map((name) => {
    // TypeScript cannot match the request and the answer of a union of operations.
    const operation = store[name].bind(store) as (request: unknown, signal?: AbortSignal) => Promise<unknown>;
    return [name, (request: unknown, signal?: AbortSignal) => trace(name, () => operation(request, signal))];
  });
  return {
    ...(Object.fromEntries(traced) as Pick<Store, TracedOperation>),
    ping: () => store.ping(),
    close: (withinMs) => store.close(withinMs),
  };
}
