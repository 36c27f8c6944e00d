/** Something that happened and is worth counting. Raised after the store has acknowledged it, never for a replay. */
export type BusinessEvent =
  | { readonly kind: 'session_created' }
  | { readonly kind: 'context_entry_appended'; readonly contextType: string }
  | {
      readonly kind: 'handoff_processed';
      readonly requestType: string;
      readonly event: 'requested' | 'accepted' | 'completed' | 'rejected' | 'cancelled' | 'returned';
    };

/** Where measurements go. An implementation must not throw, and must not slow a call down. */
export interface Telemetry {
  /** Runs one call of a tool; sees its duration and whether it threw. Passes result and error through. */
  measure<T>(tool: string, run: () => Promise<T>): Promise<T>;
  count(event: BusinessEvent): void;
}

/** Measures nothing. */
export const noTelemetry: Telemetry = {
  measure: (_tool, run) => run(),
  count: () => undefined,
};
