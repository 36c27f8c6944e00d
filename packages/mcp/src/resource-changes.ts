import { createHash } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import { ResourceNotFoundError } from '@modelcontextprotocol/server';
import type { Caller, ContextStore, StoreEvent } from '@org/domain';
import { invalidParams } from './protocol-error.js';
import { parseUri, type ParsedUri } from './resource-uri.js';
import type { Resources } from './resources.js';

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
   * everything reads now: from then on nothing is missed that the store's events tell of.
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

/** Something that can be watched. */
interface Topic {
  readonly name: string;
  /** Whether an event may have to do with it. */
  readonly concerns: (event: StoreEvent) => boolean;
  readonly read: () => Promise<string>;
}

/** Something that somebody watches; all who watch the same share one. */
interface Watched extends Topic {
  readonly listeners: Set<() => void>;
  readonly stopListening: () => void;
  /** Resolves when it has been read for the first time. */
  ready: Promise<void>;
  /** How it read when somebody last looked. Absent: nobody has, or an event came meanwhile. */
  seen: string | undefined;
}

/**
 * Events are hints, and those of other processes don't say what happened. So whatever an event may concern is read again,
 * and only what reads differently is told of: one reading at a time, however many watch, and each thing once per round.
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
  readonly #touched = new Set<Watched>();
  #isLooking = false;

  constructor({ contextStore, resources, gatherMs = 250 }: ResourceChangesOptions) {
    this.#contextStore = contextStore;
    this.#resources = resources;
    this.#gatherMs = gatherMs;
  }

  async watch(
    { uris, list }: Interests,
    { namespace }: Caller,
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
    await Promise.all(watches.map(({ ready }) => ready));
    return () => {
      for (const { leave } of watches) leave();
    };
  }

  /** `onChange` must be a function of its own. */
  #join(topic: Topic, caller: Caller, onChange: () => void): { ready: Promise<void>; leave: () => void } {
    const key = `${caller.namespace ?? ''} ${topic.name}`;
    const watched = this.#watched.get(key) ?? this.#add(key, topic, caller);
    watched.listeners.add(onChange);
    const leave = (): void => {
      watched.listeners.delete(onChange);
      if (watched.listeners.size > 0 || this.#watched.get(key) !== watched) return;
      this.#watched.delete(key);
      this.#touched.delete(watched);
      watched.stopListening();
    };
    return { ready: watched.ready, leave };
  }

  #add(key: string, topic: Topic, caller: Caller): Watched {
    const hear = (event: StoreEvent): void => {
      if (topic.concerns(event)) this.#touch(watched);
    };
    const watched: Watched = {
      ...topic,
      listeners: new Set(),
      stopListening: this.#contextStore.subscribe(hear, caller),
      ready: Promise.resolve(),
      seen: undefined,
    };
    this.#watched.set(key, watched);
    watched.ready = this.#readFirst(watched);
    return watched;
  }

  async #readFirst(watched: Watched): Promise<void> {
    const text = await watched.read().catch(ignore);
    // What an event concerned meanwhile may read differently already: it counts as changed.
    if (text !== undefined && watched.seen === undefined && !this.#touched.has(watched)) watched.seen = digest(text);
  }

  #touch(watched: Watched): void {
    this.#touched.add(watched);
    if (!this.#isLooking) void this.#look();
  }

  async #look(): Promise<void> {
    this.#isLooking = true;
    while (this.#touched.size > 0) {
      await delay(this.#gatherMs, undefined, { ref: false });
      const round = [...this.#touched];
      for (const watched of round) {
        // What happens from here on is looked at in the next round; what nobody watches any more, not at all.
        if (this.#touched.delete(watched)) await this.#compare(watched);
      }
    }
    this.#isLooking = false;
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
