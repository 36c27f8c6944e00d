import { roleAddress } from '../model/names.js';
import type { EventBus, StoreEvent } from '../ports/event-bus.js';
import type { Inbox, Store } from '../ports/store.js';

/** Lets calls wait for offers without asking the database each on its own. */
export interface InboxWatch {
  /** Notes from now on what arrives in an inbox. Open it before looking into the inbox, so that nothing falls between. */
  readonly open: (inbox: Omit<Inbox, 'after'>) => OpenInbox;
  /** Ends all waiting. */
  readonly close: () => void;
}

export interface OpenInbox {
  /**
   * Waits until something may have arrived since the last call, or since the inbox was opened.
   *
   * @param after the position up to which the inbox is known
   * @returns whether to look again; false: the time is up, or the wait was ended
   */
  readonly arrival: (after: number, timeoutMs: number, signal?: AbortSignal) => Promise<boolean>;
  readonly close: () => void;
}

export interface InboxWatchOptions {
  readonly store: Pick<Store, 'peekInboxes'>;
  readonly bus: EventBus;
  /** How often the store is asked, for all that wait together: what no event told of is seen then. */
  readonly pollIntervalMs: number;
}

/** An inbox that somebody waits for. */
interface Waiter {
  readonly inbox: Omit<Inbox, 'after'>;
  after: number;
  hasArrival: boolean;
  /** Present while a call waits. */
  settle: ((hasArrival: boolean) => void) | undefined;
}

/**
 * One subscription and one poll serve all who wait in this process, and both exist only as long as somebody does: a
 * waiting call holds a timer and nothing else.
 */
export function createInboxWatch({ store, bus, pollIntervalMs }: InboxWatchOptions): InboxWatch {
  const waiters = new Set<Waiter>();
  /** The same waiters by what they wait for. */
  const byAddress = new Map<string, Set<Waiter>>();
  let stopListening: (() => void) | undefined;
  let peeking: Promise<void> | undefined;
  let closed = false;

  function listen(): () => void {
    const poll = setInterval(peek, pollIntervalMs);
    const unsubscribe = bus.subscribe(hear);
    return () => {
      clearInterval(poll);
      unsubscribe();
    };
  }

  function hear(event: StoreEvent): void {
    if (event.kind === 'something_changed') return peek();
    if (event.kind !== 'handoff_offered') return;
    for (const waiter of byAddress.get(addressName(event.namespace, event.targetAgent)) ?? []) wake(waiter);
  }

  /** Asks for all at once. While an answer is awaited nothing more is asked: the next poll will. */
  function peek(): void {
    peeking ??= askForAll().finally(() => {
      peeking = undefined;
    });
  }

  async function askForAll(): Promise<void> {
    const waiting = [...waiters].filter(({ settle }) => settle !== undefined);
    if (waiting.length === 0) return;
    try {
      const arrivals = await store.peekInboxes(waiting.map(({ inbox, after }) => ({ ...inbox, after })));
      for (const [index, waiter] of waiting.entries()) if (arrivals[index] === true) wake(waiter);
    } catch {
      // Whoever waits is not worse off than before; a store that stays away is reported by the calls that need it.
    }
  }

  function open(inbox: Omit<Inbox, 'after'>): OpenInbox {
    const waiter: Waiter = { inbox, after: 0, hasArrival: false, settle: undefined };
    if (!closed) {
      waiters.add(waiter);
      for (const name of addressNames(inbox)) byAddress.set(name, (byAddress.get(name) ?? new Set()).add(waiter));
      stopListening ??= listen();
    }
    return {
      arrival: (after, timeoutMs, signal) => (closed ? Promise.resolve(false) : wait(waiter, after, timeoutMs, signal)),
      close: () => remove(waiter),
    };
  }

  function remove(waiter: Waiter): void {
    waiters.delete(waiter);
    for (const name of addressNames(waiter.inbox)) {
      const others = byAddress.get(name);
      others?.delete(waiter);
      if (others?.size === 0) byAddress.delete(name);
    }
    if (waiters.size > 0) return;
    stopListening?.();
    stopListening = undefined;
  }

  function close(): void {
    closed = true;
    for (const waiter of waiters) {
      waiter.settle?.(false);
      remove(waiter);
    }
  }

  return { open, close };
}

function wake(waiter: Waiter): void {
  waiter.hasArrival = true;
  waiter.settle?.(true);
}

function wait(waiter: Waiter, after: number, timeoutMs: number, signal?: AbortSignal): Promise<boolean> {
  return new Promise((resolve) => {
    const timer = setTimeout(() => waiter.settle?.(false), timeoutMs);
    const end = (): void => waiter.settle?.(false);
    waiter.after = after;
    waiter.settle = (hasArrival) => {
      clearTimeout(timer);
      signal?.removeEventListener('abort', end);
      waiter.settle = undefined;
      waiter.hasArrival = false;
      resolve(hasArrival);
    };
    signal?.addEventListener('abort', end);
    if (signal?.aborted === true || waiter.hasArrival) waiter.settle(signal?.aborted !== true);
  });
}

/** Names cannot hold a space. */
const addressName = (namespace: string, target = ''): string => `${namespace} ${target}`;

const addressNames = ({ namespace, agent, roles }: Omit<Inbox, 'after'>): string[] =>
  [agent, undefined, ...roles.map(roleAddress)].map((target) => addressName(namespace, target));
