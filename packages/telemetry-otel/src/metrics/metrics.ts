import { contextTypes, errorCodes, requestTypes, type BusinessEvent } from '@org/domain';
import type { Meter } from '@opentelemetry/api';

/** A metric, in Prometheus's terms. The docs' tables and the index of a scrape are generated from these. */
export interface Metric {
  readonly kind: 'counter' | 'gauge' | 'histogram';
  /** The unit of the values, which the name ends with too. Default: none, for counts and shares. */
  readonly unit?: 'ms' | 's' | 'By' | undefined;
  /** The values of each label. Each is a closed set, which bounds the number of series. */
  readonly labels?: Readonly<Record<string, string>> | undefined;
  /** One short sentence. */
  readonly description: string;
  /** What else readers need to know. */
  readonly details?: string | undefined;
  /** The upper bounds of a histogram's buckets. */
  readonly boundaries?: readonly number[] | undefined;
}

/** The steps of a handoff. */
export const handoffEvents = [
  'requested',
  'accepted',
  'completed',
  'rejected',
  'cancelled',
  'returned',
] as const satisfies readonly HandoffEvent[];
type HandoffEvent = Extract<BusinessEvent, { readonly kind: 'handoff_processed' }>['event'];

/**
 * How a call ended. Callers can correct a `client_error`; a `fault` is for the operator. A `cancelled` call waited for its
 * turn when its caller left; a `refused` call came from a caller that sent too many.
 */
export const outcomes = ['ok', 'client_error', 'fault', 'cancelled', 'refused'] as const;
export type Outcome = (typeof outcomes)[number];

/** Why a server refuses a request before it reaches a tool, with the HTTP status of the answer. */
export const refusalReasons = {
  host: { status: '403', meaning: '`ALLOWED_HOSTS` does not name the host.' },
  origin: { status: '403', meaning: '`ALLOWED_ORIGINS` does not name the web page.' },
  no_credential: { status: '401', meaning: 'No credential was sent.' },
  bad_credential: { status: '401', meaning: 'The credential is invalid or has expired.' },
  no_access: { status: '403', meaning: 'The credential gives access to nothing here.' },
  credential_unchecked: { status: '503', meaning: "The issuer's keys are not available." },
  scope: { status: '403', meaning: 'The credential lacks a scope.' },
  not_acceptable: { status: '406', meaning: '`Accept` allows too little.' },
  media_type: { status: '415', meaning: 'The body is not JSON, or is compressed.' },
  too_large: { status: '413', meaning: 'The message is too large.' },
  malformed: { status: '400', meaning: 'The body is not a JSON-RPC message.' },
  out_of_turn: { status: '400', meaning: 'The last request on its connection is not answered yet.' },
  protocol: { status: '400, 404', meaning: 'MCP does not know the message, or the headers contradict it.' },
  rate_limited: { status: '429', meaning: 'The caller sent too many messages; this one called no tool.' },
  overloaded: { status: '503', meaning: 'The server has no capacity for the message, which called no tool.' },
  no_connection: { status: '503', meaning: 'All permitted connections have a request under way.' },
  starting: { status: '503', meaning: 'The database is not open yet.' },
  stopping: { status: '503', meaning: 'The process stops, and starts no more streams.' },
  defect: { status: '500', meaning: 'The server has a defect; the log has its cause.' },
} as const;
export type RefusalReason = keyof typeof refusalReasons;

/** The states of an open request. */
export const requestStates = ['served', 'queued', 'waiting', 'listening'] as const;
export type RequestState = (typeof requestStates)[number];

/** The states of an open connection. */
export const connectionStates = ['idle', 'busy'] as const;
export type ConnectionState = (typeof connectionStates)[number];

/** What a server does with a connection when it has as many as it may. */
export const shedReasons = ['idle', 'dropped'] as const;
export type ShedReason = (typeof shedReasons)[number];

const anyOf = (values: readonly string[]): string => values.join(', ');
const tool = 'the ten tools';
const waits = 'true: `waitSeconds` was given, so the duration includes the wait; false';

/** Most calls take less than 25 ms, and all should take less than 100: the boundaries are close there. */
const toolBoundaries = [
  0.25, 0.5, 1, 2, 3, 4, 5, 6, 8, 10, 12, 15, 20, 25, 50, 75, 100, 150, 250, 500, 1000, 2500, 5000, 10_000, 30_000,
];
const databaseBoundaries = [
  0.0001, 0.00025, 0.0005, 0.001, 0.002, 0.003, 0.005, 0.0075, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10,
];

/** The metrics of the store and its cache. The most used come first. */
export const storeMetrics = {
  sessions_created_total: { kind: 'counter', description: 'Sessions that were created.' },
  context_entries_total: {
    kind: 'counter',
    labels: { type: anyOf(contextTypes) },
    description: 'Entries that were appended.',
  },
  cache_hit_ratio: {
    kind: 'gauge',
    description: 'The share of lookups that a cache answered.',
    details: 'Of parts of logs, in the last five minutes, from 0 to 1; 0 without lookups, as on SQLite.',
  },
  error_rate: {
    kind: 'gauge',
    description: 'The share of calls that failed by a fault.',
    details:
      'In the last five minutes, from 0 to 1; 0 without calls. Those that were cancelled or refused do not count.',
  },
  handoffs_processed_total: {
    kind: 'counter',
    labels: { type: anyOf(requestTypes), event: anyOf(handoffEvents) },
    description: 'Steps of handoffs, requests included.',
  },
  tool_duration_ms: {
    kind: 'histogram',
    unit: 'ms',
    labels: { tool, outcome: anyOf(outcomes), waits },
    description: 'How long calls of tools took.',
    details: 'From the arguments to the answer, without the time in the queue.',
    boundaries: toolBoundaries,
  },
  db_query_time_seconds: {
    kind: 'histogram',
    unit: 's',
    labels: { statement: "the store's statements; on SQLite its operations, and the commits of writes" },
    description: 'How long statements took.',
    details: 'In the database, without the wait for a connection.',
    boundaries: databaseBoundaries,
  },
  tool_errors_total: {
    kind: 'counter',
    labels: {
      tool,
      kind: anyOf(outcomes.filter((outcome) => outcome !== 'ok')),
      code: `the ${Object.keys(errorCodes).length} error codes`,
    },
    description: 'Calls of tools that failed, by code.',
  },
  db_pool_size: { kind: 'gauge', description: 'The most connections of the pool.', details: 'PostgreSQL.' },
  db_pool_in_use: {
    kind: 'gauge',
    description: 'Connections in use.',
    details: 'They run a statement, or are being opened for one.',
  },
  db_pool_waiting: { kind: 'gauge', description: 'Calls that wait for a connection.' },
  db_pool_wait_seconds: {
    kind: 'histogram',
    unit: 's',
    description: 'How long calls waited for a connection.',
    details: 'Calls that gave up count too.',
    boundaries: databaseBoundaries,
  },
  cache_hits_total: {
    kind: 'counter',
    description: 'Lookups that a cache answered.',
    details: 'Lookups are for pages of logs and for totals of briefings.',
  },
  cache_misses_total: {
    kind: 'counter',
    description: 'Lookups that no cache answered.',
    details: 'Each waiting call counts, also where several share one read of the database.',
  },
  cache_redis_up: {
    kind: 'gauge',
    description: 'Whether the cache uses Redis.',
    details: '1, or 0 while Redis is not usable; absent unless the cache is shared by Redis.',
  },
  bus_redis_up: {
    kind: 'gauge',
    description: 'Whether events go through Redis.',
    details: '1, or 0 while Redis is not usable; absent until the first event.',
  },
} as const satisfies Record<string, Metric>;

/** The metrics of an HTTP server. */
export const httpMetrics = {
  http_requests_refused_total: {
    kind: 'counter',
    labels: { status: 'of the answer', reason: 'see below' },
    description: 'Requests refused before a tool.',
    details: 'Calls of tools that are RATE_LIMITED or OVERLOADED are in tool_errors_total instead.',
  },
  http_requests_open: {
    kind: 'gauge',
    labels: {
      state:
        'served; queued: it waits for capacity; waiting: `waitSeconds` was given; listening: a stream of changes is open',
    },
    description: 'Requests under way, by what they wait for.',
  },
  http_connections_open: {
    kind: 'gauge',
    labels: { state: 'idle: no request is under way; busy' },
    description: 'Connections of clients.',
  },
  http_connections_shed_total: {
    kind: 'counter',
    labels: { reason: 'idle: an idle one was closed for a new one; dropped: a new one was refused' },
    description: 'Connections closed or refused at the limit.',
    details: 'MAX_CONNECTIONS and the limit of open files bound their number.',
  },
} as const satisfies Record<string, Metric>;

/** The metrics of a process, by the names that other Node.js programs use too. */
export const processMetrics = {
  nodejs_eventloop_lag_p50_seconds: {
    kind: 'gauge',
    unit: 's',
    description: 'How late timers fire: the median.',
    details: 'Since it was last read, by a scrape or a push.',
  },
  nodejs_eventloop_lag_p99_seconds: {
    kind: 'gauge',
    unit: 's',
    description: 'How late timers fire: the 99th percentile.',
    details: 'Since it was last read, by a scrape or a push.',
  },
  nodejs_heap_size_used_bytes: { kind: 'gauge', unit: 'By', description: 'Memory in use in the JavaScript heap.' },
  nodejs_heap_size_limit_bytes: {
    kind: 'gauge',
    unit: 'By',
    description: 'The limit of the JavaScript heap.',
    details: 'A process that needs more ends; --max-old-space-size sets it.',
  },
  process_resident_memory_bytes: { kind: 'gauge', unit: 'By', description: 'Memory of the process.' },
  process_memory_limit_bytes: {
    kind: 'gauge',
    unit: 'By',
    description: 'The most memory of the process.',
    details: "Its container's, or else the machine's.",
  },
  process_cpu_seconds_total: {
    kind: 'counter',
    unit: 's',
    description: 'CPU time that the process used.',
    details: 'JavaScript runs on one core: 1 a second is that core, all of it.',
  },
} as const satisfies Record<string, Metric>;

/** Every metric of the product. The most used come first. */
export const allMetrics: Readonly<Record<string, Metric>> = { ...storeMetrics, ...httpMetrics, ...processMetrics };
export const metricNames: readonly string[] = Object.keys(allMetrics);

/** The full description of a metric. */
export const describeMetric = ({ description, details }: Metric): string =>
  details === undefined ? description : `${description} ${details}`;

/** Creates the instruments of a table of metrics. */
export function instrumentsOf<Name extends string>(meter: Meter, table: Readonly<Record<Name, Metric>>) {
  const options = (name: Name): { description: string; unit?: string } => {
    const { unit } = table[name];
    return { description: describeMetric(table[name]), ...(unit !== undefined && { unit }) };
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
