import { getNumberFromEnv, getStringFromEnv } from '@opentelemetry/core';
import { OTLPMetricExporter as JsonMetricExporter } from '@opentelemetry/exporter-metrics-otlp-http';
import { OTLPMetricExporter as ProtobufMetricExporter } from '@opentelemetry/exporter-metrics-otlp-proto';
import { OTLPTraceExporter as JsonTraceExporter } from '@opentelemetry/exporter-trace-otlp-http';
import { OTLPTraceExporter as ProtobufTraceExporter } from '@opentelemetry/exporter-trace-otlp-proto';
import { PeriodicExportingMetricReader, type MetricReader } from '@opentelemetry/sdk-metrics';
import type { SpanExporter } from '@opentelemetry/sdk-trace';
import type { DiagLog } from './diag-log.js';
import { ExportReport, type ExportDestination } from './export-report.js';

/** Creates the exporter of spans that the environment asks for. The exporter reads its variables. */
export function openSpanExporter(
  diagLog: DiagLog,
  log: (line: string) => void,
): { readonly exporter: SpanExporter; readonly report: ExportReport } {
  const report = new ExportReport({ ...destinationOf('traces'), diagLog, log });
  diagLog.onDroppedSpans = (spans) => report.dropped(spans);
  const exporter = usesJson('traces') ? new JsonTraceExporter() : new ProtobufTraceExporter();
  return { exporter: report.watch(exporter), report };
}

/** Creates the reader that pushes metrics as the environment asks for. `NodeSDK` makes none beside one that it is given. */
export function openMetricPush(
  diagLog: DiagLog,
  log: (line: string) => void,
): { readonly reader: MetricReader; readonly report: ExportReport } {
  const report = new ExportReport({ ...destinationOf('metrics'), diagLog, log });
  const exporter = usesJson('metrics') ? new JsonMetricExporter() : new ProtobufMetricExporter();
  const exportIntervalMillis = getNumberFromEnv('OTEL_METRIC_EXPORT_INTERVAL') ?? 60_000;
  const timeoutMs = getNumberFromEnv('OTEL_METRIC_EXPORT_TIMEOUT') ?? 30_000;
  const exportTimeoutMillis = Math.min(timeoutMs, exportIntervalMillis);
  const reader = new PeriodicExportingMetricReader({
    exporter: report.watch(exporter),
    exportIntervalMillis,
    exportTimeoutMillis,
  });
  return { reader, report };
}

type Signal = ExportDestination['signal'];

const prefixOf = (signal: Signal): string => `OTEL_EXPORTER_OTLP_${signal.toUpperCase()}`;

function usesJson(signal: Signal): boolean {
  const common = getStringFromEnv('OTEL_EXPORTER_OTLP_PROTOCOL');
  return (getStringFromEnv(`${prefixOf(signal)}_PROTOCOL`) ?? common) === 'http/json';
}

/** Where the exporter sends to, for the log: without the credentials and the query that the URL may hold. */
function destinationOf(signal: Signal): ExportDestination {
  const specific = `${prefixOf(signal)}_ENDPOINT`;
  const specificUrl = getStringFromEnv(specific);
  if (specificUrl !== undefined) return { signal, url: shown(new URL(specificUrl)), urlVariable: specific };
  const common = 'OTEL_EXPORTER_OTLP_ENDPOINT';
  const url = new URL(getStringFromEnv(common) ?? 'http://localhost:4318');
  return { signal, url: `${shown(url).replace(/\/$/, '')}/v1/${signal}`, urlVariable: common };
}

const shown = ({ origin, pathname }: URL): string => `${origin}${pathname}`;
