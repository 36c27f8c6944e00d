import type { Telemetry } from '@org/context-store';
import { prepareOtelEnvironment } from '@org/context-store/otel-environment';
import type { Logger } from '@org/logger-pino';
import type { FailedCall } from '@org/mcp';
import type { HttpTelemetry } from '@org/telemetry-otel';
import type { HttpEnvironment } from '../environment.js';
import { openMetrics } from './open-metrics.js';

/** The metrics and traces of this process. */
export interface OpenedTelemetry {
  /** Undefined if nothing is measured and nothing is traced. */
  readonly telemetry: Telemetry | undefined;
  /** Undefined if nothing is measured. */
  readonly httpTelemetry: HttpTelemetry | undefined;
  /** The URL of the metrics for Prometheus. */
  readonly metricsUrl: string | undefined;
  /** Returns the id of the trace that a call is part of. */
  readonly traceIdOf: (request: FailedCall['request']) => string | undefined;
  /** @returns false if a request that is still under way keeps the process alive for a while */
  readonly close: () => Promise<boolean>;
}

const noTelemetry: OpenedTelemetry = {
  telemetry: undefined,
  httpTelemetry: undefined,
  metricsUrl: undefined,
  traceIdOf: () => undefined,
  close: async () => true,
};

/** Starts OpenTelemetry if METRICS_PORT or the variables OTEL_* ask for it. It is loaded only then, since that takes time. */
export async function openTelemetry(
  environment: HttpEnvironment,
  version: string,
  logger: Logger,
): Promise<OpenedTelemetry> {
  const { isDisabled, isTraced, pushesMetrics, problems } = prepareOtelEnvironment(environment);
  const log = (line: string): void => logger.warn(line);
  for (const problem of problems) log(problem);
  const prometheus = isDisabled ? undefined : await openMetrics(environment, log);
  if (!isTraced && !pushesMetrics && prometheus === undefined) return noTelemetry;

  const { startOtelSdk } = await import('@org/telemetry-otel/sdk');
  const { METRICS_PREFIX: metricsPrefix } = environment;
  const given = { version, isTraced, pushesMetrics, prometheus, metricsPrefix, log };
  const sdk = startOtelSdk({ serviceName: 'mcp-http', ...given });
  return { ...sdk, metricsUrl: prometheus?.url };
}
