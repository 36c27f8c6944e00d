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
}

/** A pool of database connections at one moment. */
export interface PoolState {
  /** The most connections that it may have. */
  readonly size: number;
  /** Connections that run a statement, or are being made for one. */
  readonly inUse: number;
  /** Calls that wait for a connection. */
  readonly waiting: number;
}

/**
 * Where measurements go. The façade reports calls and what came of them; a store that it is given to reports what it asks
 * of its database. An implementation must not throw, and must not slow a call down: nobody guards against it, because
 * what it throws after a commit would make a call fail that was carried out.
 */
export interface Telemetry {
  /** Runs one call of a tool; sees its duration, and the error that it threw. Passes result and error through. */
  measure<T>(call: MeasuredCall, run: () => Promise<T>): Promise<T>;
  count(event: BusinessEvent): void;
  /**
   * The database answered a statement, or failed to, after this time on a connection. `statement` is one of a fixed set of
   * names, such as `append_entries`: it may become a label.
   */
  recordStatement(statement: string, durationMs: number): void;
  /** A call was given a connection, or gave up, after this time. */
  recordPoolWait(durationMs: number): void;
  /** A part of a log was looked for in a cache, which held it, or had to have the database asked for it. */
  recordCacheLookup(isHit: boolean): void;
  /** A pool was opened. `read` tells its state at any time, until what is given back is called: the pool is closed then. */
  observePool(read: () => PoolState): () => void;
}

/** Measures nothing. */
export const noTelemetry: Telemetry = {
  measure: (_call, run) => run(),
  count: () => undefined,
  recordStatement: () => undefined,
  recordPoolWait: () => undefined,
  recordCacheLookup: () => undefined,
  observePool: () => () => undefined,
};
