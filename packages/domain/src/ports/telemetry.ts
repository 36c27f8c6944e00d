import type { Store } from './store.js';

/** An event that is counted. Raised after the store has acknowledged the change; replays raise none. */
export type BusinessEvent =
  | {
      /** A session was created. */
      readonly kind: 'session_created';
    }
  | {
      /** An entry was appended. */
      readonly kind: 'context_entry_appended';
      /** The type of the entry. */
      readonly contextType: string;
    }
  | {
      /** A handoff was requested, accepted or resolved. */
      readonly kind: 'handoff_processed';
      /** The type of the handoff. */
      readonly requestType: string;
      /** What happened to it. */
      readonly event: 'requested' | 'accepted' | 'completed' | 'rejected' | 'cancelled' | 'returned';
    };

/** A call of a method, or of the MCP tool of its name. */
export interface MeasuredCall {
  /** The name of the tool. */
  readonly tool: string;
  /** Whether the caller asked to wait for offers. The duration of such a call says nothing about the store. */
  readonly waits: boolean;
  /** Undefined if a program called the library. */
  readonly request?: McpRequest | undefined;
}

/** The parts of an MCP request that traces show. Clients may send any text in them. */
export interface McpRequest {
  /** The id of the JSON-RPC request. */
  readonly id: string | number;
  /** The version of the protocol, if the request names it. */
  readonly protocolVersion?: string | undefined;
  /** How the request came: by HTTP, or over standard input. */
  readonly transport: 'tcp' | 'pipe';
  /** The client's span, as a `traceparent` header of W3C Trace Context. */
  readonly traceparent?: string | undefined;
  /** The vendors' part of the client's span, as a `tracestate` header. */
  readonly tracestate?: string | undefined;
}

/** A read of an MCP resource. */
export interface ResourceRead {
  /** The request that reads it. */
  readonly request: McpRequest;
  /** The template of the resource, or its URI if that is fixed. Undefined if there is no such resource. */
  readonly uriTemplate?: string | undefined;
}

/** A kind of database, as OpenTelemetry names it in `db.system.name`. */
export type DatabaseSystem = 'postgresql' | 'sqlite';

/** An operation that deferred work serves. */
export interface Served {
  /** What `origin` returned during the operation. */
  readonly origin: Origin;
}

/** A store operation under way. Only the telemetry knows its shape. Undefined if the operation is not traced. */
export type Origin = object | undefined;

/** A pool of database connections at one moment. */
export interface PoolState {
  /** The most connections that the pool may open. */
  readonly size: number;
  /** Connections that run a statement, or are being opened for one. */
  readonly inUse: number;
  /** Calls that wait for a connection. */
  readonly waiting: number;
}

/** An optional connection between the processes of a deployment: `bus` carries events, `cache` shares what was read. */
export type DeploymentLink = 'bus' | 'cache';

/**
 * Receives measurements. The façade reports calls and counted events; a store reports its database statements.
 * Implementations must not throw, and must not slow calls down: callers do not catch, so an error after a commit would
 * fail a call that was carried out.
 */
export interface Telemetry {
  /** Runs one call of a tool, and records its duration and error. Passes the result or error through. */
  measure<T>(call: MeasuredCall, run: () => Promise<T>): Promise<T>;
  /**
   * Runs the read of a resource, and records its trace. Tool calls that it makes are measured as calls. Passes the
   * result or error through; errors are those of JSON-RPC, with a number as `code`.
   */
  traceRead<T>(read: ResourceRead, run: () => Promise<T>): Promise<T>;
  /** Counts an event. */
  count(event: BusinessEvent): void;
  /**
   * Records a statement and its time on a connection. `statement` comes from a fixed set of names, such as
   * `append_entries`, so it may become a label. `failure` is the error code of the database or the network; undefined
   * if the statement succeeded.
   */
  recordStatement(statement: string, durationMs: number, system: DatabaseSystem, failure?: string): void;
  /** Records how long a call waited until it got a connection, or gave up. */
  recordPoolWait(durationMs: number): void;
  /** Records the lookup of a part of a log in a cache. A miss reads the database. */
  recordCacheLookup(isHit: boolean): void;
  /** Observes a pool: `read` returns its current state. The returned function ends that, when the pool closes. */
  observePool(read: () => PoolState): () => void;
  /**
   * Observes a link. `isUp` returns whether it works now, or undefined before its first use. The returned function ends
   * that, when the link closes.
   */
  observeLink(link: DeploymentLink, isUp: () => boolean | undefined): () => void;
  /** Returns the store to call instead of this one: a wrapper if operations are traced, else the same store. */
  observeStore(store: Store): Store;
  /** Returns the current operation. A store keeps it with deferred work, for {@link attribute}. */
  origin(): Origin;
  /**
   * Runs deferred work, and attributes the statements recorded meanwhile to the operations it serves. The list may grow
   * while it runs.
   */
  attribute<T>(served: readonly Served[], run: () => T): T;
}

/** Measures nothing. Spread it to write a {@link Telemetry} that measures some things. */
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
