import { createHash } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import { ResourceNotFoundError } from '@modelcontextprotocol/server';
import { noProject, type ContextStore, type RequestCaller, type StoreEvent } from '@org/domain';
import type { ParsedUri } from '../resources/resource-uri.js';
import type { Resources } from '../resources/resources.js';
import { withProtocolErrors } from '../errors/protocol-error.js';
import { parseWatchedUris, type Interests } from './interests.js';
import { RoundRobinLimiter } from './round-robin-limiter.js';

/** A resource that changed, or the list of resources. */
export type ResourceChange = { readonly uri: string } | 'list';

/** Watches resources for clients. */
export interface ResourceChanges {
  /**
   * Calls `onChange` whenever the text of a watched resource, or the list, has changed. Resolves once all of them have been
   * read; after that, every change that the store's events announce is reported. If the caller's `signal` aborts, watching
   * ends, and resources that have not been read yet are not read. If the caller's `stopping` aborts, it resolves without
   * further reads.
   *
   * @returns a function that ends watching
   * @throws ProtocolError if a URI is unknown or malformed, there are too many, or the caller's project is malformed
   */
  readonly watch: (
    interests: Interests,
    caller: RequestCaller,
    onChange: (change: ResourceChange) => void,
  ) => Promise<() => void>;
}

export interface ResourceChangesOptions {
  readonly contextStore: ContextStore;
  readonly resources: Resources;
  /** How long to gather events before reading, in milliseconds: the shortest time between two reads. Default: 250. */
  readonly gatherMs?: number | undefined;
}

/**
 * Maximum number of concurrent reads for all clients. Reads take database connections from calls, and a few clients may
 * watch tens of thousands of resources.
 */
const maxConcurrentReads = 4;

/** A resource, or the list of resources. */
interface Topic {
  readonly name: string;
  /** Returns true if an event may mean that the topic changed. */
  readonly concerns: (event: StoreEvent) => boolean;
  readonly read: () => Promise<string>;
}

/** Clients that are equal in this read the same. */
interface WatchingCaller extends Pick<RequestCaller, 'namespace'> {
  readonly project?: string;
}

/** A topic that is watched. All clients that watch it share this. */
interface Watched extends Topic {
  readonly namespace: string;
  readonly listeners: Set<() => void>;
  readonly stopListening: () => void;
  /** Resolves after the first read. Undefined until that read is queued. */
  firstRead: Promise<void> | undefined;
  /** Digest of the text that was last read. Undefined before the first read, or if an event came during it. */
  digest: string | undefined;
}

/**
 * Watches resources by the store's events. Events are hints, and those of other processes do not say what changed. So each
 * watched topic that an event may concern is read again, and clients are notified only if its text differs.
 *
 * One namespace reads its topics in rounds: one at a time, each once per round, however many clients watch it. Namespaces do
 * not wait for each other's rounds.
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
  /** Topics to be read again, for each namespace in which rounds run. */
  readonly #touched = new Map<string, Set<Watched>>();
  readonly #reads = new RoundRobinLimiter(maxConcurrentReads);

  constructor({ contextStore, resources, gatherMs = 250 }: ResourceChangesOptions) {
    this.#contextStore = contextStore;
    this.#resources = resources;
    this.#gatherMs = gatherMs;
  }

  async watch(
    { uris, list }: Interests,
    { namespace, project: ownProject, signal, stopping }: RequestCaller,
    onChange: (change: ResourceChange) => void,
  ): Promise<() => void> {
    const parsedUris = parseWatchedUris(uris);
    const caller = { namespace, ...(ownProject !== undefined && { project: await this.#nameProject(ownProject) }) };
    const watches = parsedUris.map(([uri, parsed]) => {
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
    // Awaited one by one, so that a client that watches a hundred resources queues one read at a time.
    for (const { watched } of watches) {
      if (signal?.aborted === true || stopping?.aborted === true) break;
      await (watched.firstRead ??= this.#readFirst(watched));
    }
    return stop;
  }

  /** Names the project of a caller, so that all clients of one project share what is read for it. */
  async #nameProject(project: RequestCaller['project']): Promise<string> {
    return (await withProtocolErrors(this.#contextStore.as({ project }).actingProject(), {}, undefined)) ?? noProject;
  }

  /** @param onChange a distinct function for each call: the set of listeners identifies it */
  #join(topic: Topic, caller: WatchingCaller, onChange: () => void): { watched: Watched; leave: () => void } {
    const { namespace = '', project = '' } = caller;
    const key = `${namespace} ${project} ${topic.name}`;
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

  #add(key: string, topic: Topic, caller: WatchingCaller): Watched {
    const touchIfConcerned = (event: StoreEvent): void => {
      if (topic.concerns(event)) this.#touch(watched);
    };
    const watched: Watched = {
      ...topic,
      namespace: caller.namespace ?? '',
      listeners: new Set(),
      stopListening: this.#contextStore.as(caller).subscribe(touchIfConcerned),
      firstRead: undefined,
      digest: undefined,
    };
    this.#watched.set(key, watched);
    return watched;
  }

  #readFirst(watched: Watched): Promise<void> {
    return this.#reads.run(watched.namespace, async () => {
      if (watched.listeners.size === 0) return;
      const text = await watched.read().catch(ignore);
      const isTouched = this.#touched.get(watched.namespace)?.has(watched) === true;
      // If an event came during the read, the text may be outdated: without a digest, the next read counts as a change.
      if (text !== undefined && watched.digest === undefined && !isTouched) watched.digest = digestOf(text);
    });
  }

  #touch(watched: Watched): void {
    const { namespace } = watched;
    const touched = this.#touched.get(namespace);
    if (touched === undefined) void this.#runRounds(namespace, watched);
    else touched.add(watched);
  }

  /** Runs rounds until no topic of the namespace is touched any more. */
  async #runRounds(namespace: string, first: Watched): Promise<void> {
    const touched = new Set([first]);
    this.#touched.set(namespace, touched);
    while (touched.size > 0) {
      await delay(this.#gatherMs, undefined, { ref: false });
      const round = [...touched];
      for (const watched of round) {
        if (!touched.has(watched)) continue;
        // Another group than that of first reads, so that new watches do not delay rounds. A namespace contains no space.
        await this.#reads.run(`${namespace} round`, async () => {
          // Later events touch the topic again, for the next round. A topic that is no longer watched has left the set.
          if (touched.delete(watched)) await this.#compare(watched);
        });
      }
    }
    this.#touched.delete(namespace);
  }

  async #compare(watched: Watched): Promise<void> {
    const text = await watched.read().catch(ignore);
    // After a failed read, the topic is read again at the next event.
    if (text === undefined || digestOf(text) === watched.digest) return;
    watched.digest = digestOf(text);
    for (const listener of watched.listeners) listener();
  }

  /** A resource that does not exist has a text too, so that its creation and deletion are changes. */
  async #readText(uri: string, caller: WatchingCaller): Promise<string> {
    try {
      return JSON.stringify(await this.#resources.read(uri, caller));
    } catch (error) {
      if (error instanceof ResourceNotFoundError) return 'gone';
      throw error;
    }
  }

  async #readList(caller: WatchingCaller): Promise<string> {
    const { resources } = await this.#resources.list(undefined, caller);
    return JSON.stringify(resources.map(({ uri, title }) => [uri, title]));
  }
}

/** Returns a function that returns true if an event may concern the resource. Lists and counts depend on every session. */
function concernsOf({ resource, name }: ParsedUri): (event: StoreEvent) => boolean {
  const isOfSession = resource === 'summary' || resource === 'context' || resource === 'session';
  return (event) => {
    if (event.kind === 'something_changed') return true;
    if (event.kind === 'session_changed') return !isOfSession || event.sessionKey === name;
    return resource === 'inbox' || resource === 'stats';
  };
}

const digestOf = (text: string): string => createHash('sha256').update(text).digest('base64url');

const ignore = (): undefined => undefined;
