import type { EventBus, StoreEvent } from '../ports/event-bus.js';
import type { HandoffPosition, Inbox, Store } from '../ports/store.js';
import { addressesBeside } from '../rules/handoffs/inbox-page.js';

/** Lets calls wait for offers without a database query for each. */
export interface InboxWatch {
  /** Watches an inbox from now on. Open it before you read the inbox, so that no offer arrives unnoticed in between. */
  readonly open: (inbox: Omit<Inbox, 'after'>) => OpenInbox;
  /** Ends all waiting. */
  readonly close: () => void;
}

export interface OpenInbox {
  /**
   * Waits until an offer may have arrived since the last call, or since the inbox was opened.
   *
   * @param after the position up to which the caller has read the inbox
   * @param endings signals that end the wait early
   * @returns whether to read the inbox again; false if the time is up or a signal ended the wait
   */
  readonly arrival: (after: HandoffPosition, timeoutMs: number, endings?: Endings) => Promise<boolean>;
  readonly close: () => void;
}

type Endings = readonly (AbortSignal | undefined)[];

export interface InboxWatchOptions {
  readonly store: Pick<Store, 'peekInboxes'>;
  readonly bus: EventBus;
  /** How often the store is polled, once for all waiting calls, to find offers that no event announced. */
  readonly pollIntervalMs: number;
}

/** An open inbox. */
interface Waiter {
  readonly inbox: Omit<Inbox, 'after'>;
  after: HandoffPosition;
  hasArrival: boolean;
  /** Defined while a call waits. */
  settle: ((hasArrival: boolean) => void) | undefined;
}

/**
 * Creates the watch of a process. One subscription and one poll serve all open inboxes, and end with the last of them.
 * A waiting call needs only a timer.
 */
export function createInboxWatch(options: InboxWatchOptions): InboxWatch {
  const watch = new Watch(options);
  return { open: (inbox) => watch.open(inbox), close: () => watch.close() };
}

class Watch {
  readonly #options: InboxWatchOptions;
  readonly #waiters = new Set<Waiter>();
  /** The same waiters by the addresses of their inboxes. */
  readonly #byAddress = new Map<string, Set<Waiter>>();
  #stopListening: (() => void) | undefined;
  #isPeeking = false;
  #mustPeek = false;
  #closed = false;

  constructor(options: InboxWatchOptions) {
    this.#options = options;
  }

  open(inbox: Omit<Inbox, 'after'>): OpenInbox {
    const waiter: Waiter = { inbox, after: 0, hasArrival: false, settle: undefined };
    if (!this.#closed) this.#add(waiter);
    return {
      arrival: async (after, timeoutMs, endings = []) => !this.#closed && wait(waiter, after, timeoutMs, endings),
      close: () => this.#remove(waiter),
    };
  }

  close(): void {
    this.#closed = true;
    for (const waiter of this.#waiters) {
      waiter.settle?.(false);
      this.#remove(waiter);
    }
  }

  #add(waiter: Waiter): void {
    this.#waiters.add(waiter);
    for (const name of addressNames(waiter.inbox)) {
      this.#byAddress.set(name, (this.#byAddress.get(name) ?? new Set()).add(waiter));
    }
    this.#stopListening ??= this.#listen();
  }

  #remove(waiter: Waiter): void {
    this.#waiters.delete(waiter);
    for (const name of addressNames(waiter.inbox)) {
      const others = this.#byAddress.get(name);
      others?.delete(waiter);
      if (others?.size === 0) this.#byAddress.delete(name);
    }
    if (this.#waiters.size > 0) return;
    this.#stopListening?.();
    this.#stopListening = undefined;
  }

  #listen(): () => void {
    const { bus, pollIntervalMs } = this.#options;
    const poll = setInterval(() => void this.#peek(), pollIntervalMs);
    const unsubscribe = bus.subscribe((event) => this.#hear(event));
    return () => {
      clearInterval(poll);
      unsubscribe();
    };
  }

  #hear(event: StoreEvent): void {
    if (event.kind === 'something_changed') {
      // Calls that are reading now may have read too early, and the peek covers only calls that wait: they read again.
      for (const waiter of this.#waiters) if (waiter.settle === undefined) waiter.hasArrival = true;
      void this.#peek();
    }
    if (event.kind !== 'handoff_offered') return;
    const address = addressName(event.namespace, event.targetAgent);
    for (const waiter of this.#byAddress.get(address) ?? []) wake(waiter);
  }

  /** Polls the store for all waiting calls at once, and again if it is called while it waits for the answer. */
  async #peek(): Promise<void> {
    this.#mustPeek = true;
    if (this.#isPeeking) return;
    this.#isPeeking = true;
    while (this.#mustPeek) {
      this.#mustPeek = false;
      await this.#askForAll();
    }
    this.#isPeeking = false;
  }

  async #askForAll(): Promise<void> {
    const waiting = [...this.#waiters].filter(({ settle }) => settle !== undefined);
    if (waiting.length === 0) return;
    try {
      const inboxes = waiting.map(({ inbox, after }) => ({ ...inbox, after }));
      const arrivals = await this.#options.store.peekInboxes(inboxes);
      for (const [index, waiter] of waiting.entries()) if (arrivals[index] === true) wake(waiter);
    } catch {
      // Waiting calls just wait on. If the store stays unavailable, the calls that need its answer report it.
    }
  }
}

function wake(waiter: Waiter): void {
  waiter.hasArrival = true;
  waiter.settle?.(true);
}

function wait(waiter: Waiter, after: HandoffPosition, timeoutMs: number, endings: Endings): Promise<boolean> {
  return new Promise((resolve) => {
    const timer = setTimeout(() => waiter.settle?.(false), timeoutMs);
    const end = (): void => waiter.settle?.(false);
    waiter.after = after;
    waiter.settle = (hasArrival) => {
      clearTimeout(timer);
      for (const ending of endings) ending?.removeEventListener('abort', end);
      waiter.settle = undefined;
      waiter.hasArrival = false;
      resolve(hasArrival);
    };
    for (const ending of endings) ending?.addEventListener('abort', end);
    const isEnded = endings.some((ending) => ending?.aborted === true);
    if (isEnded || waiter.hasArrival) waiter.settle(!isEnded);
  });
}

/** A space separates the parts, because names cannot contain one. */
const addressName = (namespace: string, target = ''): string => `${namespace} ${target}`;

const addressNames = ({ namespace, ...inbox }: Omit<Inbox, 'after'>): string[] =>
  [inbox.agent, undefined, ...addressesBeside(inbox)].map((target) => addressName(namespace, target));
