import { setTimeout } from 'node:timers/promises';
import { AsyncLocalStorageContextManager } from '@opentelemetry/context-async-hooks';
import { OTLPTraceExporter as JsonExporter } from '@opentelemetry/exporter-trace-otlp-http';
import { OTLPTraceExporter as ProtobufExporter } from '@opentelemetry/exporter-trace-otlp-proto';
import {
  defaultResource,
  detectResources,
  resourceAttributesEnvDetector,
  resourceFromAttributes,
  serviceNameEnvDetector,
} from '@opentelemetry/resources';
import { BatchSpanProcessor, TracerProvider } from '@opentelemetry/sdk-trace';
import { noTelemetry, type Telemetry } from '@org/domain';
import { traceIdOf } from '../traces/call-tracer.js';
import { readOtlpSettings, SettingProblem, type OtlpSettings } from './otlp-settings.js';
import { ReportingExporter } from './reporting-exporter.js';
import { withTraces } from '../traces/with-traces.js';

export interface OtlpTracesOptions {
  /** What else is measured. Default: nothing. */
  readonly telemetry?: Telemetry | undefined;
  /** What the program is called where OTEL_SERVICE_NAME does not say. */
  readonly serviceName: string;
  readonly version: string;
  /** Takes one line. */
  readonly log: (line: string) => void;
}

/** Traces of this process, on their way to a receiver. */
export interface OtlpTraces {
  /** The telemetry that was given, with traces. */
  readonly telemetry: Telemetry;
  readonly traceIdOf: typeof traceIdOf;
  /**
   * Sends what is left, for at most two seconds.
   *
   * @returns whether it came to an end. False: a request under way keeps the process from ending by itself for a while
   */
  readonly close: () => Promise<boolean>;
}

const closeWithinMs = 2000;

/**
 * Starts to trace the process and sends the spans by OTLP, as the standard variables OTEL_* say, by an SDK of its own: for
 * a program, not for a library. Nothing is registered globally but what hears the SDK's own warnings.
 *
 * @returns undefined when a variable cannot be followed: that is a line in the log, and nothing is traced
 */
export function openOtlpTraces(options: OtlpTracesOptions): OtlpTraces | undefined {
  const { telemetry = noTelemetry, log } = options;
  const settings = settingsOrLog(log);
  if (settings === undefined) return undefined;
  const exporter = new ReportingExporter({
    exporter: settings.protocol === 'http/json' ? new JsonExporter() : new ProtobufExporter(),
    destination: `${settings.url.origin}${settings.url.pathname}`,
    urlVariable: settings.urlVariable,
    log,
  });
  const provider = new TracerProvider({
    resource: resourceOf(options),
    sampler: settings.sampler,
    spanProcessors: [new BatchSpanProcessor({ ...settings.batches, exporter })],
  });
  return {
    telemetry: withTraces(telemetry, { provider, contexts: new AsyncLocalStorageContextManager() }),
    traceIdOf,
    close: async () => {
      const timeUp = new AbortController();
      const ended = provider.shutdown().then(
        () => true,
        () => true,
      );
      const late = setTimeout(closeWithinMs, false, { signal: timeUp.signal });
      const isEnded = await Promise.race([ended, late]);
      if (isEnded) timeUp.abort();
      else exporter.report('no answer in time');
      return isEnded;
    },
  };
}

function settingsOrLog(log: (line: string) => void): OtlpSettings | undefined {
  try {
    return readOtlpSettings();
  } catch (error) {
    if (!(error instanceof SettingProblem)) throw error;
    log(`Nothing is traced: ${error.message}`);
    return undefined;
  }
}

const resourceOf = ({ serviceName, version }: OtlpTracesOptions) =>
  defaultResource()
    .merge(resourceFromAttributes({ 'service.name': serviceName, 'service.version': version }))
    .merge(detectResources({ detectors: [resourceAttributesEnvDetector] }))
    .merge(detectResources({ detectors: [serviceNameEnvDetector] }));
