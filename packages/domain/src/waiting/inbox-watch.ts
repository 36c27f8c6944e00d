import { roleAddress } from '../model/names.js';
import type { EventBus, StoreEvent } from '../ports/event-bus.js';
import type { HandoffPosition, Inbox, Store } from '../ports/store.js';

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
   * @param endings what ends the wait, besides the time
   * @returns whether to look again; false: the time is up, or the wait was ended
   */
  readonly arrival: (after: HandoffPosition, timeoutMs: number, endings?: Endings) => Promise<boolean>;
  readonly close: () => void;
}

type Endings = readonly (AbortSignal | undefined)[];

export interface InboxWatchOptions {
  readonly store: Pick<Store, 'peekInboxes'>;
  readonly bus: EventBus;
  /** How often the store is asked, for all that wait together: what no event told of is seen then. */
  readonly pollIntervalMs: number;
}

/** An inbox that somebody waits for. */
interface Waiter {
  readonly inbox: Omit<Inbox, 'after'>;
  after: HandoffPosition;
  hasArrival: boolean;
  /** Present while a call waits. */
  settle: ((hasArrival: boolean) => void) | undefined;
}

/**
 * One subscription and one poll serve all who wait in this process, and both exist only as long as somebody does: a
 * waiting call holds a timer and nothing else.
 */
export function createInboxWatch(options: InboxWatchOptions): InboxWatch {
  const watch = new Watch(options);
  return { open: (inbox) => watch.open(inbox), close: () => watch.close() };
}

class Watch {
  readonly #options: InboxWatchOptions;
  readonly #waiters = new Set<Waiter>();
  /** The same waiters by what they wait for. */
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
      // Whoever is looking just now may have looked too early, and is not among those that the store is asked for.
      for (const waiter of this.#waiters) if (waiter.settle === undefined) waiter.hasArrival = true;
      void this.#peek();
    }
    if (event.kind !== 'handoff_offered') return;
    const address = addressName(event.namespace, event.targetAgent);
    for (const waiter of this.#byAddress.get(address) ?? []) wake(waiter);
  }

  /** Asks the store for all at once; once more when something happens while an answer is awaited. */
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
      // Whoever waits is not worse off than before; a store that stays away is reported by the calls that need it.
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

/** Names cannot hold a space. */
const addressName = (namespace: string, target = ''): string => `${namespace} ${target}`;

const addressNames = ({ namespace, agent, roles }: Omit<Inbox, 'after'>): string[] =>
  [agent, undefined, ...roles.map(roleAddress)].map((target) => addressName(namespace, target));
