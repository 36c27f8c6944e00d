import type { Store } from './store.js';

/** Something that happened and is worth counting. Raised after the store has acknowledged it, never for a replay. */
export type BusinessEvent =
  | { readonly kind: 'session_created' }
  | { readonly kind: 'context_entry_appended'; readonly contextType: string }
  | {
      readonly kind: 'handoff_processed';
      readonly requestType: string;
      readonly event: 'requested' | 'accepted' | 'completed' | 'rejected' | 'cancelled' | 'returned';
    };

/** One call of a tool, as far as it tells calls apart. */
export interface MeasuredCall {
  readonly tool: string;
  /** Whether the caller asked it to wait for something: how long it takes says nothing of the store then. */
  readonly waits: boolean;
  /** Absent: a program called the library. */
  readonly request?: McpRequest | undefined;
}

/** An MCP request, as far as a trace tells of it. What the client gave may be any text. */
export interface McpRequest {
  /** Of the JSON-RPC request. */
  readonly id: string | number;
  readonly protocolVersion?: string | undefined;
  readonly transport: 'tcp' | 'pipe';
  /** The client's own span, in the form of W3C Trace Context. */
  readonly traceparent?: string | undefined;
  readonly tracestate?: string | undefined;
}

/** The reading of a resource by MCP. */
export interface ResourceRead {
  readonly request: McpRequest;
  /** Of the resource that was asked for, or its URI where that is fixed. Absent: there is no such resource. */
  readonly uriTemplate?: string | undefined;
}

/** A database, by the name that OpenTelemetry has for it. */
export type DatabaseSystem = 'postgresql' | 'sqlite';

/** An operation of a store that is under way, for the telemetry alone to look into. Undefined: none that it traces. */
export type Origin = object | undefined;

/** A pool of database connections at one moment. */
export interface PoolState {
  /** The most connections that it may have. */
  readonly size: number;
  /** Connections that run a statement, or are being made for one. */
  readonly inUse: number;
  /** Calls that wait for a connection. */
  readonly waiting: number;
}

/** What joins the processes of a deployment, and can be done without: one tells of changes, one shares what was read. */
export type DeploymentLink = 'bus' | 'cache';

/**
 * Where measurements go. The façade reports calls and what came of them; a store that it is given to reports what it asks
 * of its database. An implementation must not throw, and must not slow a call down: nobody guards against it, because
 * what it throws after a commit would make a call fail that was carried out.
 */
export interface Telemetry {
  /** Runs one call of a tool; sees its duration, and the error that it threw. Passes result and error through. */
  measure<T>(call: MeasuredCall, run: () => Promise<T>): Promise<T>;
  /**
   * Runs the reading of a resource, for its trace alone: what it reads as a tool does is a call, and measured. It throws
   * what JSON-RPC answers with: an error with a number as its `code`.
   */
  traceRead<T>(read: ResourceRead, run: () => Promise<T>): Promise<T>;
  count(event: BusinessEvent): void;
  /**
   * The database answered a statement, or failed to, after this time on a connection. `statement` is one of a fixed set of
   * names, such as `append_entries`: it may become a label. `failure` is the database's code for why it failed, or that of
   * the network; absent: it did not.
   */
  recordStatement(statement: string, durationMs: number, system: DatabaseSystem, failure?: string): void;
  /** A call was given a connection, or gave up, after this time. */
  recordPoolWait(durationMs: number): void;
  /** A part of a log was looked for in a cache, which held it, or had to have the database asked for it. */
  recordCacheLookup(isHit: boolean): void;
  /** A pool was opened. `read` tells its state at any time, until what is given back is called: the pool is closed then. */
  observePool(read: () => PoolState): () => void;
  /**
   * A link is to be used. `isUp` tells at any time whether it is of use, or undefined while nobody has tried; until what is
   * given back is called: it is closed then.
   */
  observeLink(link: DeploymentLink, isUp: () => boolean | undefined): () => void;
  /** Given a store, gives back what to call instead: the same one, unless its operations are to be traced. */
  observeStore(store: Store): Store;
  /** The operation that calls this. A store keeps it with work that is put off, until it is run in {@link attribute}. */
  origin(): Origin;
  /**
   * Runs what serves these operations, whoever calls it: statements that are recorded meanwhile are theirs. The list may
   * still grow while it runs.
   */
  attribute<T>(served: readonly { readonly origin: Origin }[], run: () => T): T;
}

/** Measures nothing. */
export const noTelemetry: Telemetry = {
  measure: (_call, run) => run(),
  traceRead: (_read, run) => run(),
  count: () => undefined,
  recordStatement: () => undefined,
  recordPoolWait: () => undefined,
  recordCacheLookup: () => undefined,
  observePool: () => () => undefined,
  observeLink: () => () => undefined,
  observeStore: (store) => store,
  origin: () => undefined,
  attribute: (_served, run) => run(),
};
