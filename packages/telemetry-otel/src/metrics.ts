import { contextTypes, errorCodes, requestTypes, type BusinessEvent } from '@org/domain';
import type { Meter } from '@opentelemetry/api';

/** A metric as Prometheus knows it. The table of metrics in the docs is generated from these. */
export interface Metric {
  readonly kind: 'counter' | 'gauge' | 'histogram';
  /** Of its values; the name says it too. Absent: a number of things, or a share. */
  readonly unit?: 'ms' | 's' | 'By' | undefined;
  /** What each label may be: a closed set, so that there is a bounded number of series. */
  readonly labels?: Readonly<Record<string, string>> | undefined;
  readonly description: string;
  /** Upper bounds of a histogram's buckets. */
  readonly boundaries?: readonly number[] | undefined;
}

/** What becomes of a handoff. */
export const handoffEvents = [
  'requested',
  'accepted',
  'completed',
  'rejected',
  'cancelled',
  'returned',
] as const satisfies readonly HandoffEvent[];
type HandoffEvent = Extract<BusinessEvent, { readonly kind: 'handoff_processed' }>['event'];

/** How a call ended: a `client_error` is for the caller to mend, a `fault` for the operator. */
export const outcomes = ['ok', 'client_error', 'fault'] as const;
export type Outcome = (typeof outcomes)[number];

const anyOf = (values: readonly string[]): string => values.join(', ');
const tool = 'the ten tools';
const waits = 'true: `waitSeconds` was given, and the duration says how long nothing came; false';

/** Calls should take at most 100 ms, and usually take less than 25: that is where the boundaries are close. */
const toolBoundaries = [
  0.25, 0.5, 1, 2, 3, 4, 5, 6, 8, 10, 12, 15, 20, 25, 50, 75, 100, 150, 250, 500, 1000, 2500, 5000, 10_000, 30_000,
];
const databaseBoundaries = [
  0.0001, 0.00025, 0.0005, 0.001, 0.002, 0.003, 0.005, 0.0075, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10,
];

/** What the telemetry of the store's own work measures. */
export const storeMetrics = {
  sessions_created_total: { kind: 'counter', description: 'Sessions that were created.' },
  handoffs_processed_total: {
    kind: 'counter',
    labels: { type: anyOf(requestTypes), event: anyOf(handoffEvents) },
    description: 'Steps of handoffs, requests included.',
  },
  context_entries_total: {
    kind: 'counter',
    labels: { type: anyOf(contextTypes) },
    description: 'Entries that were appended.',
  },
  tool_duration_ms: {
    kind: 'histogram',
    unit: 'ms',
    labels: { tool, outcome: anyOf(outcomes), waits },
    description: 'How long calls of tools took, from the arguments to the answer.',
    boundaries: toolBoundaries,
  },
  tool_errors_total: {
    kind: 'counter',
    labels: { tool, kind: 'client_error, fault', code: `the ${Object.keys(errorCodes).length} error codes` },
    description: 'Calls of tools that failed.',
  },
  error_rate: {
    kind: 'gauge',
    description:
      'The share of the calls of the last five minutes that failed by a fault, from 0 to 1; 0 without calls.',
  },
  db_query_time_seconds: {
    kind: 'histogram',
    unit: 's',
    labels: { statement: "the store's statements; on SQLite its operations, and the commits of writes" },
    description: 'How long the database took for a statement, without the wait for a connection.',
    boundaries: databaseBoundaries,
  },
  db_pool_size: { kind: 'gauge', description: 'The most connections that the pool may have. PostgreSQL.' },
  db_pool_in_use: { kind: 'gauge', description: 'Connections that run a statement, or are being made for one.' },
  db_pool_waiting: { kind: 'gauge', description: 'Calls that wait for a connection.' },
  db_pool_wait_seconds: {
    kind: 'histogram',
    unit: 's',
    description: 'How long calls waited for a connection, or until they gave up.',
    boundaries: databaseBoundaries,
  },
  cache_hits_total: {
    kind: 'counter',
    description: 'Parts of logs (pages, and what briefings sum up) that a cache held.',
  },
  cache_misses_total: {
    kind: 'counter',
    description: 'Parts of logs that the database was asked for, because no cache held them.',
  },
  cache_hit_ratio: {
    kind: 'gauge',
    description:
      'Hits among the parts of logs that were looked for in the last five minutes, from 0 to 1; absent when none were.',
  },
  cache_redis_up: {
    kind: 'gauge',
    description: 'Whether the cache uses Redis: 1, or 0 while it does without; absent where it is not to.',
  },
  bus_redis_up: {
    kind: 'gauge',
    description: 'Whether events reach other processes through Redis: 1, or 0; absent until there are any.',
  },
} as const satisfies Record<string, Metric>;

/** What is measured of a whole process, by names that others use for Node.js too. */
export const processMetrics = {
  nodejs_eventloop_lag_p50_seconds: {
    kind: 'gauge',
    unit: 's',
    description: 'How late timers fired since the last scrape: the median.',
  },
  nodejs_eventloop_lag_p99_seconds: {
    kind: 'gauge',
    unit: 's',
    description: 'How late timers fired since the last scrape: the 99th percentile.',
  },
  nodejs_heap_size_used_bytes: { kind: 'gauge', unit: 'By', description: 'What lies in the JavaScript heap.' },
  nodejs_heap_size_limit_bytes: {
    kind: 'gauge',
    unit: 'By',
    description: 'The size of the heap at which the process would die; --max-old-space-size sets it.',
  },
  process_resident_memory_bytes: { kind: 'gauge', unit: 'By', description: 'Memory that the process has.' },
  process_memory_limit_bytes: {
    kind: 'gauge',
    unit: 'By',
    description: "Memory that it may have: its container's, or else the machine's.",
  },
  process_cpu_seconds_total: {
    kind: 'counter',
    unit: 's',
    description: 'CPU time that the process used. JavaScript runs on one core: 1 a second is that core, all of it.',
  },
} as const satisfies Record<string, Metric>;

/** Makes the instruments of a table of metrics. */
export function instrumentsOf<Name extends string>(meter: Meter, table: Readonly<Record<Name, Metric>>) {
  const options = (name: Name): { description: string; unit?: string } => {
    const { description, unit } = table[name];
    return { description, ...(unit !== undefined && { unit }) };
  };
  return {
    counter: (name: Name) => meter.createCounter(name, options(name)),
    gauge: (name: Name) => meter.createObservableGauge(name, options(name)),
    observableCounter: (name: Name) => meter.createObservableCounter(name, options(name)),
    histogram: (name: Name) =>
      meter.createHistogram(name, {
        ...options(name),
        advice: { explicitBucketBoundaries: [...(table[name].boundaries ?? [])] },
      }),
  };
}
