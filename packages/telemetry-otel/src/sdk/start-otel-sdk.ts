import { setTimeout } from 'node:timers/promises';
import { context, diag, logs, metrics, propagation, trace } from '@opentelemetry/api';
import { defaultResource, resourceFromAttributes } from '@opentelemetry/resources';
import type { ViewOptions } from '@opentelemetry/sdk-metrics';
import { NodeSDK } from '@opentelemetry/sdk-node';
import { noTelemetry, type Telemetry } from '@org/domain';
import { createHttpTelemetry, type HttpTelemetry } from '../metrics/create-http-telemetry.js';
import { createOtelTelemetry } from '../metrics/create-otel-telemetry.js';
import { metricNames } from '../metrics/metrics.js';
import { observeProcess } from '../metrics/observe-process.js';
import { traceIdOf } from '../traces/call-tracer.js';
import { withTraces } from '../traces/with-traces.js';
import { installDiagLog } from './diag-log.js';
import type { PrometheusServer } from './open-prometheus-server.js';
import { openMetricPush, openSpanExporter } from './otlp-exporters.js';

export interface OtelSdkOptions {
  /** The program's name where OTEL_SERVICE_NAME and OTEL_RESOURCE_ATTRIBUTES do not name the service. */
  readonly serviceName: string;
  readonly version: string;
  /** Traces calls, and sends the spans by OTLP. */
  readonly isTraced: boolean;
  /** Pushes metrics by OTLP. */
  readonly pushesMetrics: boolean;
  /** Serves metrics to Prometheus. The SDK closes it. Default: Prometheus gets no metrics. */
  readonly prometheus?: PrometheusServer | undefined;
  /** What the names of all metrics begin with. Default: nothing. */
  readonly metricsPrefix?: string | undefined;
  /** Takes one line. */
  readonly log: (line: string) => void;
}

/** OpenTelemetry's SDK, started. */
export interface OtelSdk {
  readonly telemetry: Telemetry;
  /** For a program that serves HTTP. */
  readonly httpTelemetry: HttpTelemetry;
  readonly traceIdOf: typeof traceIdOf;
  /**
   * Sends the remaining spans and metrics, for at most two seconds.
   *
   * @returns false if the time was up: a request under way then keeps the process alive for a while
   */
  readonly close: () => Promise<boolean>;
}

const closeWithinMs = 2000;

/**
 * Starts OpenTelemetry's `NodeSDK` for this process and registers it globally. Only programs call it, once; libraries use
 * what their host has registered.
 *
 * The SDK reads the variables OTEL_* of the process: resource, sampler, batches, propagators, limits. The exporters read
 * their own, OTEL_EXPORTER_OTLP_*. Values that the SDK cannot use are logged.
 */
export function startOtelSdk(options: OtelSdkOptions): OtelSdk {
  const { serviceName, version, isTraced, prometheus, log } = options;
  const diagLog = installDiagLog(log);
  const traces = isTraced ? openSpanExporter(diagLog, log) : undefined;
  const push = options.pushesMetrics ? openMetricPush(diagLog, log) : undefined;
  const readers = [prometheus?.reader, push?.reader].filter((reader) => reader !== undefined);
  const sdk = new NodeSDK({
    resource: defaultResource().merge(
      resourceFromAttributes({ 'service.name': serviceName, 'service.version': version }),
    ),
    metricReaders: readers,
    views: renamed(options.metricsPrefix),
    // The log has its own way out.
    logRecordProcessors: [],
    ...(traces === undefined ? { spanProcessors: [] } : { traceExporter: traces.exporter }),
  });
  sdk.start();

  const isMeasured = readers.length > 0;
  const stopObserving = isMeasured ? observeProcess() : undefined;
  const measured = isMeasured ? createOtelTelemetry() : noTelemetry;
  return {
    telemetry: isTraced ? withTraces(measured, { propagator: propagation }) : measured,
    httpTelemetry: createHttpTelemetry(),
    traceIdOf,
    close: async () => {
      const isEnded = await endsWithin(closeWithinMs, sdk.shutdown());
      if (!isEnded) for (const report of [traces?.report, push?.report]) report?.timeUp();
      stopObserving?.();
      await prometheus?.close();
      unregister();
      return isEnded;
    },
  };
}

/** Views apply to all readers, so Prometheus and OTLP have the same names. */
const renamed = (prefix = ''): ViewOptions[] =>
  prefix === '' ? [] : metricNames.map((instrumentName) => ({ instrumentName, name: `${prefix}${instrumentName}` }));

async function endsWithin(ms: number, task: Promise<unknown>): Promise<boolean> {
  const timeUp = new AbortController();
  const ended = task.then(
    () => true,
    () => true,
  );
  const isEnded = await Promise.race([ended, setTimeout(ms, false, { signal: timeUp.signal })]);
  if (isEnded) timeUp.abort();
  return isEnded;
}

/** The API keeps the first registration until it is withdrawn. */
function unregister(): void {
  for (const api of [trace, metrics, logs, propagation, context, diag]) api.disable();
}
