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

/** What a server tells of requests that no tool knows of, or not yet. */
export interface HttpTelemetry {
  /** A request was answered with this HTTP status, and reached no tool. */
  readonly countRefusal: (status: number, reason: RefusalReason) => void;
  /** From now on `read` tells how many requests are open. */
  readonly observeRequests: (read: () => Readonly<Record<RequestState, number>>) => void;
  /** From now on `read` tells how many connections are open. */
  readonly observeConnections: (read: () => Readonly<Record<ConnectionState, number>>) => void;
  /** A connection was given up for want of room. */
  readonly countShedConnection: (reason: ShedReason) => void;
}

/**
 * Measures a server by the names of {@link httpMetrics}.
 *
 * @param provider whose meter to use. Default: the one that the process registered globally
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
