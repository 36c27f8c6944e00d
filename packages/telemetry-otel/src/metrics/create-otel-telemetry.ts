import { metrics, type MeterProvider } from '@opentelemetry/api';
import {
  contextTypes,
  ContextStoreError,
  noTelemetry,
  requestTypes,
  type DeploymentLink,
  type ErrorCode,
  type PoolState,
  type Telemetry,
} from '@org/domain';
import { handoffEvents, instrumentsOf, storeMetrics, type Outcome } from './metrics.js';
import { createSlidingWindow } from './sliding-window.js';

/** Errors that callers cannot correct, or no longer wait for. All other errors are client errors. */
const outcomeOf: Partial<Readonly<Record<ErrorCode, Outcome>>> = {
  INTERNAL_ERROR: 'fault',
  STORE_UNAVAILABLE: 'fault',
  STORE_CLOSED: 'fault',
  OVERLOADED: 'fault',
  CANCELLED: 'cancelled',
  RATE_LIMITED: 'refused',
};

/** Calls that the error rate leaves out: thousands of refusals of one caller would hide the faults of the others. */
const notServed: ReadonlySet<Outcome> = new Set(['cancelled', 'refused']);

const windowMs = 300_000;

/**
 * Measures the store's work with OpenTelemetry, by the names of {@link storeMetrics}. It starts no SDK: the provider
 * decides where measurements go.
 *
 * @param provider creates the meter. Default: the provider that the process registered globally. If there is none, nothing
 * is measured
 */
export function createOtelTelemetry(provider: Pick<MeterProvider, 'getMeter'> = metrics): Telemetry {
  const instruments = instrumentsOf(provider.getMeter('@org/telemetry-otel'), storeMetrics);
  const count = countEvents(instruments);
  const recordCacheLookup = recordCacheLookups(instruments);
  const measure = measureCalls(instruments);
  const observePool = observePools(instruments);
  const observeLink = observeLinks(instruments);
  const statementTime = instruments.histogram('db_query_time_seconds');
  const poolWait = instruments.histogram('db_pool_wait_seconds');
  return {
    ...noTelemetry,
    measure,
    count,
    recordStatement: (statement, durationMs) => statementTime.record(durationMs / 1000, { statement }),
    recordPoolWait: (durationMs) => poolWait.record(durationMs / 1000),
    observePool,
    observeLink,
    recordCacheLookup,
  };
}

type Instruments = ReturnType<typeof instrumentsOf<keyof typeof storeMetrics>>;

function measureCalls(instruments: Instruments): Telemetry['measure'] {
  const recentFaults = createSlidingWindow(windowMs);
  instruments.gauge('error_rate').addCallback((gauge) => gauge.observe(recentFaults.share() ?? 0));
  const errors = instruments.counter('tool_errors_total');
  const duration = instruments.histogram('tool_duration_ms');

  return async ({ tool, waits }, run) => {
    let outcome: Outcome = 'ok';
    const startMs = performance.now();
    try {
      return await run();
    } catch (error) {
      const code = error instanceof ContextStoreError ? error.code : 'INTERNAL_ERROR';
      outcome = outcomeOf[code] ?? 'client_error';
      errors.add(1, { tool, kind: outcome, code });
      throw error;
    } finally {
      duration.record(performance.now() - startMs, { tool, outcome, waits });
      if (!notServed.has(outcome)) recentFaults.add(outcome === 'fault');
    }
  };
}

/** Every series begins at 0, so that Prometheus sees the first event as an increase. */
function countEvents(instruments: Instruments): Telemetry['count'] {
  const sessions = instruments.counter('sessions_created_total');
  const entries = instruments.counter('context_entries_total');
  const handoffs = instruments.counter('handoffs_processed_total');
  sessions.add(0);
  for (const type of contextTypes) entries.add(0, { type });
  for (const type of requestTypes) for (const event of handoffEvents) handoffs.add(0, { type, event });

  return (happened) => {
    switch (happened.kind) {
      case 'session_created':
        sessions.add(1);
        break;
      case 'context_entry_appended':
        entries.add(1, { type: happened.contextType });
        break;
      case 'handoff_processed':
        handoffs.add(1, { type: happened.requestType, event: happened.event });
        break;
    }
  };
}

/** Sums up all pools of the process. Without a pool, the metrics are absent. */
function observePools(instruments: Instruments): Telemetry['observePool'] {
  const pools = new Set<() => PoolState>();
  const observe = (name: keyof typeof storeMetrics, read: (state: PoolState) => number): void =>
    instruments.gauge(name).addCallback((gauge) => {
      if (pools.size > 0) gauge.observe([...pools].reduce((total, pool) => total + read(pool()), 0));
    });
  observe('db_pool_size', ({ size }) => size);
  observe('db_pool_in_use', ({ inUse }) => inUse);
  observe('db_pool_waiting', ({ waiting }) => waiting);
  return (read) => {
    pools.add(read);
    return () => void pools.delete(read);
  };
}

/** A kind of link is up if all links of that kind are up. Before the first attempt to connect, its metric is absent. */
function observeLinks(instruments: Instruments): Telemetry['observeLink'] {
  const observe = (name: keyof typeof storeMetrics): Set<() => boolean | undefined> => {
    const links = new Set<() => boolean | undefined>();
    instruments.gauge(name).addCallback((gauge) => {
      const states = [...links].map((isUp) => isUp()).filter((state) => state !== undefined);
      if (states.length > 0) gauge.observe(states.includes(false) ? 0 : 1);
    });
    return links;
  };
  const links: Record<DeploymentLink, Set<() => boolean | undefined>> = {
    bus: observe('bus_redis_up'),
    cache: observe('cache_redis_up'),
  };
  return (link, isUp) => {
    links[link].add(isUp);
    return () => void links[link].delete(isUp);
  };
}

function recordCacheLookups(instruments: Instruments): Telemetry['recordCacheLookup'] {
  const hits = instruments.counter('cache_hits_total');
  const misses = instruments.counter('cache_misses_total');
  const recentHits = createSlidingWindow(windowMs);
  instruments.gauge('cache_hit_ratio').addCallback((gauge) => gauge.observe(recentHits.share() ?? 0));
  hits.add(0);
  misses.add(0);
  return (isHit) => {
    (isHit ? hits : misses).add(1);
    recentHits.add(isHit);
  };
}
