import type { Telemetry } from '@org/context-store';
import { asksForTraces, passOnOtelEnvironment } from '@org/context-store/otel-environment';
import type { Logger } from '@org/logger-pino';
import type { FailedCall } from '@org/mcp';
import type { HttpTelemetry } from '@org/telemetry-otel';
import type { HttpEnvironment } from '../environment.js';
import { openMetrics } from './open-metrics.js';

/** What the process tells of itself besides its log. */
export interface OpenedTelemetry {
  /** Absent: nothing is measured, and nothing traced. */
  readonly telemetry: Telemetry | undefined;
  /** Absent: nothing is measured. */
  readonly httpTelemetry: HttpTelemetry | undefined;
  /** Where Prometheus gets the metrics. */
  readonly metricsUrl: string | undefined;
  /** The trace that a call is part of. */
  readonly traceIdOf: (request: FailedCall['request']) => string | undefined;
  /** @returns whether all was sent; otherwise a request under way keeps the process from ending by itself for a while */
  readonly close: () => Promise<boolean>;
}

/** Starts to measure and to trace, as far as the environment asks for it: only then is OpenTelemetry loaded. */
export async function openTelemetry(
  environment: HttpEnvironment,
  version: string,
  log: Logger,
): Promise<OpenedTelemetry> {
  for (const problem of passOnOtelEnvironment(environment)) log.warn(problem);
  const metrics = await openMetrics(environment, log);
  const traces = asksForTraces(environment)
    ? (await import('@org/telemetry-otel/otlp')).openOtlpTraces({
        telemetry: metrics?.telemetry,
        serviceName: 'mcp-http',
        version,
        log: (line) => log.warn(line),
      })
    : undefined;
  return {
    telemetry: (traces ?? metrics)?.telemetry,
    httpTelemetry: metrics?.httpTelemetry,
    metricsUrl: metrics?.url,
    traceIdOf: (request) => traces?.traceIdOf(request),
    close: async () => {
      await metrics?.close();
      return (await traces?.close()) ?? true;
    },
  };
}
