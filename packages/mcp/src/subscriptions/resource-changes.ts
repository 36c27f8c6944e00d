import { createHash } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import { ResourceNotFoundError } from '@modelcontextprotocol/server';
import type { Caller, ContextStore, StoreEvent } from '@org/domain';
import { invalidParams } from '../errors/protocol-error.js';
import { parseUri, type ParsedUri } from '../resources/resource-uri.js';
import type { Resources } from '../resources/resources.js';
import { Turns } from './round-robin-limiter.js';

/** What a client may want to hear of: single resources, and whether others are listed. */
export interface Interests {
  readonly uris: readonly string[];
  readonly list: boolean;
}

/** What changed: a resource, or the list of them. */
export type ResourceChange = { readonly uri: string } | 'list';

/** Tells clients what they asked to hear of. */
export interface ResourceChanges {
  /**
   * Calls `onChange` whenever something of interest reads differently than before. Resolves when it is known how
   * everything reads now: from then on nothing is missed that the store's events tell of. When the caller's `signal`
   * aborts, it ends by itself, and what was not read yet stays unread. When its `stopping` does, nothing more is read first.
   *
   * @returns what ends it
   * @throws ProtocolError when a URI is unknown or malformed, or there are too many
   */
  readonly watch: (
    interests: Interests,
    caller: Caller,
    onChange: (change: ResourceChange) => void,
  ) => Promise<() => void>;
}

export interface ResourceChangesOptions {
  readonly contextStore: ContextStore;
  readonly resources: Resources;
  /** How long to gather events before looking: what changes often is looked at, and told of, no more often than this. */
  readonly gatherMs?: number | undefined;
}

/** Of one client, or of one subscription where a client may have several. */
const maxUris = 100;

/** Each URI once. @throws ProtocolError when one is unknown or malformed, or there are too many */
export function parseUris(uris: readonly string[]): readonly (readonly [uri: string, parsed: ParsedUri])[] {
  const different = [...new Set(uris)];
  if (different.length <= maxUris) return different.map((uri) => [uri, parseUri(uri)]);
  throw invalidParams(`At most ${maxUris} resources can be watched at once; ${different.length} are too many.`);
}

/**
 * How many readings of all clients are under way at once: these take connections to the database from calls, and a few
 * clients may watch tens of thousands of resources.
 */
const readingsAtOnce = 4;

/** Something that can be watched. */
interface Topic {
  readonly name: string;
  /** Whether an event may have to do with it. */
  readonly concerns: (event: StoreEvent) => boolean;
  readonly read: () => Promise<string>;
}

/** Something that somebody watches; all who watch the same share one. */
interface Watched extends Topic {
  readonly namespace: string;
  readonly listeners: Set<() => void>;
  readonly stopListening: () => void;
  /** Resolves when it has been read for the first time. Absent: nobody has begun to. */
  ready: Promise<void> | undefined;
  /** How it read when somebody last looked. Absent: nobody has, or an event came meanwhile. */
  seen: string | undefined;
}

/**
 * Events are hints, and those of other processes don't say what happened. So whatever an event may concern is read again,
 * and only what reads differently is told of: one thing of a namespace after the other, however many watch, and each once per
 * round. No namespace waits for the rounds of another.
 */
export function createResourceChanges(options: ResourceChangesOptions): ResourceChanges {
  const watcher = new Watcher(options);
  return { watch: (interests, caller, onChange) => watcher.watch(interests, caller, onChange) };
}

class Watcher {
  readonly #contextStore: ContextStore;
  readonly #resources: Resources;
  readonly #gatherMs: number;
  readonly #watched = new Map<string, Watched>();
  /** What is to be looked at, by the namespaces that have a round. */
  readonly #touched = new Map<string, Set<Watched>>();
  readonly #turns = new Turns(readingsAtOnce);

  constructor({ contextStore, resources, gatherMs = 250 }: ResourceChangesOptions) {
    this.#contextStore = contextStore;
    this.#resources = resources;
    this.#gatherMs = gatherMs;
  }

  async watch(
    { uris, list }: Interests,
    { namespace, signal, stopping }: Caller,
    onChange: (change: ResourceChange) => void,
  ): Promise<() => void> {
    const caller = { namespace };
    const watches = parseUris(uris).map(([uri, parsed]) => {
      const topic = { name: uri, concerns: concernsOf(parsed), read: () => this.#readText(uri, caller) };
      return this.#join(topic, caller, () => onChange({ uri }));
    });
    if (list) {
      const topic = { name: '', concerns: concernsOf({ resource: 'sessions' }), read: () => this.#readList(caller) };
      watches.push(this.#join(topic, caller, () => onChange('list')));
    }
    const stop = (): void => {
      for (const { leave } of watches) leave();
    };
    signal?.addEventListener('abort', stop, { once: true });
    if (signal?.aborted === true) stop();
    // One after the other: who watches a hundred has one of them in line, and lets those pass who watch a few.
    for (const { watched } of watches) {
      if (signal?.aborted === true || stopping?.aborted === true) break;
      await (watched.ready ??= this.#readFirst(watched));
    }
    return stop;
  }

  /** `onChange` must be a function of its own. */
  #join(topic: Topic, caller: Caller, onChange: () => void): { watched: Watched; leave: () => void } {
    const { namespace = '' } = caller;
    const key = `${namespace} ${topic.name}`;
    const watched = this.#watched.get(key) ?? this.#add(key, topic, caller);
    watched.listeners.add(onChange);
    const leave = (): void => {
      watched.listeners.delete(onChange);
      if (watched.listeners.size > 0 || this.#watched.get(key) !== watched) return;
      this.#watched.delete(key);
      this.#touched.get(watched.namespace)?.delete(watched);
      watched.stopListening();
    };
    return { watched, leave };
  }

  #add(key: string, topic: Topic, caller: Caller): Watched {
    const hear = (event: StoreEvent): void => {
      if (topic.concerns(event)) this.#touch(watched);
    };
    const watched: Watched = {
      ...topic,
      namespace: caller.namespace ?? '',
      listeners: new Set(),
      stopListening: this.#contextStore.subscribe(hear, caller),
      ready: undefined,
      seen: undefined,
    };
    this.#watched.set(key, watched);
    return watched;
  }

  /** Nothing, when all who watched it have left by the time of its turn. */
  #readFirst(watched: Watched): Promise<void> {
    return this.#turns.take(watched.namespace, async () => {
      if (watched.listeners.size === 0) return;
      const text = await watched.read().catch(ignore);
      const isTouched = this.#touched.get(watched.namespace)?.has(watched) === true;
      // What an event concerned meanwhile may read differently already: it counts as changed.
      if (text !== undefined && watched.seen === undefined && !isTouched) watched.seen = digest(text);
    });
  }

  #touch(watched: Watched): void {
    const { namespace } = watched;
    const touched = this.#touched.get(namespace);
    if (touched === undefined) void this.#look(namespace, watched);
    else touched.add(watched);
  }

  async #look(namespace: string, first: Watched): Promise<void> {
    const touched = new Set([first]);
    this.#touched.set(namespace, touched);
    while (touched.size > 0) {
      await delay(this.#gatherMs, undefined, { ref: false });
      const round = [...touched];
      for (const watched of round) {
        if (!touched.has(watched)) continue;
        // In a line of their own: what is watched is not kept waiting by what is going to be. A namespace has no space in it.
        await this.#turns.take(`${namespace} round`, async () => {
          // What happens from here on is looked at in the next round; what nobody watches any more, not at all.
          if (touched.delete(watched)) await this.#compare(watched);
        });
      }
    }
    this.#touched.delete(namespace);
  }

  async #compare(watched: Watched): Promise<void> {
    const text = await watched.read().catch(ignore);
    // A store that is away tells nothing; the next event is looked at again.
    if (text === undefined || digest(text) === watched.seen) return;
    watched.seen = digest(text);
    for (const listener of watched.listeners) listener();
  }

  /** Also how a resource reads that is gone, or not there yet. */
  async #readText(uri: string, caller: Caller): Promise<string> {
    try {
      return JSON.stringify(await this.#resources.read(uri, caller));
    } catch (error) {
      if (error instanceof ResourceNotFoundError) return 'gone';
      throw error;
    }
  }

  async #readList(caller: Caller): Promise<string> {
    const { resources } = await this.#resources.list(undefined, caller);
    return JSON.stringify(resources.map(({ uri, title }) => [uri, title]));
  }
}

/** Whether an event may have to do with a resource. Lists and counts depend on every session. */
function concernsOf({ resource, name }: ParsedUri): (event: StoreEvent) => boolean {
  const isOfSession = resource === 'summary' || resource === 'context' || resource === 'session';
  return (event) => {
    if (event.kind === 'something_changed') return true;
    if (event.kind === 'session_changed') return !isOfSession || event.sessionKey === name;
    return resource === 'inbox' || resource === 'stats';
  };
}

const digest = (text: string): string => createHash('sha256').update(text).digest('base64url');

const ignore = (): undefined => undefined;
