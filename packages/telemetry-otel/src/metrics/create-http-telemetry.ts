import { metrics, type MeterProvider } from '@opentelemetry/api';
import {
  connectionStates,
  httpMetrics,
  instrumentsOf,
  requestStates,
  type ConnectionState,
  type RefusalReason,
  type RequestState,
  type ShedReason,
} from './metrics.js';

/** Counts what happens to requests and connections before a tool is called. */
export interface HttpTelemetry {
  /** Counts a request that was answered with this HTTP status and reached no tool. */
  readonly countRefusal: (status: number, reason: RefusalReason) => void;
  /** Calls `read` at each collection, for the number of open requests. */
  readonly observeRequests: (read: () => Readonly<Record<RequestState, number>>) => void;
  /** Calls `read` at each collection, for the number of open connections. */
  readonly observeConnections: (read: () => Readonly<Record<ConnectionState, number>>) => void;
  /** Counts a connection that was closed or not accepted, to stay within the limit. */
  readonly countShedConnection: (reason: ShedReason) => void;
}

/**
 * Measures a server by the names of {@link httpMetrics}.
 *
 * @param provider creates the meter. Default: the provider that the process registered globally
 */
export function createHttpTelemetry(provider: Pick<MeterProvider, 'getMeter'> = metrics): HttpTelemetry {
  const instruments = instrumentsOf(provider.getMeter('@org/telemetry-otel'), httpMetrics);
  const refused = instruments.counter('http_requests_refused_total');
  const open = instruments.gauge('http_requests_open');
  const connections = instruments.gauge('http_connections_open');
  const shed = instruments.counter('http_connections_shed_total');
  return {
    countRefusal: (status, reason) => refused.add(1, { status, reason }),
    observeRequests: (read) =>
      open.addCallback((gauge) => {
        const requests = read();
        for (const state of requestStates) gauge.observe(requests[state], { state });
      }),
    observeConnections: (read) =>
      connections.addCallback((gauge) => {
        const counts = read();
        for (const state of connectionStates) gauge.observe(counts[state], { state });
      }),
    countShedConnection: (reason) => shed.add(1, { reason }),
  };
}
