import { z } from 'zod';
import { optionalVariable, secret, variable, type Environment, type EnvironmentTable } from './environment.js';
import { findOtelProblems } from './find-otel-problems.js';

const text = z.string();

/**
 * The standard variables of OpenTelemetry, as its SDK reads them. A value that the SDK cannot follow is a line in the log;
 * the program serves all the same.
 */
export const otelEnvironmentTable = {
  OTEL_EXPORTER_OTLP_ENDPOINT: optionalVariable(
    text,
    'nothing is sent by OTLP',
    'Where to send traces and metrics by OTLP over HTTP, such as http://localhost:4318; /v1/traces and /v1/metrics are added.',
  ),
  OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: optionalVariable(
    text,
    'OTEL_EXPORTER_OTLP_ENDPOINT',
    'Where to send traces, with the whole path.',
  ),
  OTEL_EXPORTER_OTLP_METRICS_ENDPOINT: optionalVariable(
    text,
    'OTEL_EXPORTER_OTLP_ENDPOINT',
    'Where to send metrics, with the whole path.',
  ),
  OTEL_TRACES_EXPORTER: optionalVariable(
    text,
    'otlp where an endpoint is given',
    'otlp: trace, to http://localhost:4318 unless an endpoint is given. none: do not trace.',
  ),
  OTEL_METRICS_EXPORTER: optionalVariable(
    text,
    'otlp where an endpoint is given',
    'otlp: push metrics, to http://localhost:4318 unless an endpoint is given. none or prometheus: do not push.',
  ),
  OTEL_SDK_DISABLED: variable(text, 'false', 'true: trace and measure nothing, whatever the other variables say.'),
  OTEL_EXPORTER_OTLP_PROTOCOL: variable(text, 'http/protobuf', 'http/protobuf or http/json.'),
  OTEL_EXPORTER_OTLP_HEADERS: secret(
    optionalVariable(text, 'none', 'Headers for the receiver: name=value, comma-separated.'),
  ),
  OTEL_EXPORTER_OTLP_TIMEOUT: variable(text, '10000', 'How long a receiver may take for a batch, in milliseconds.'),
  OTEL_EXPORTER_OTLP_COMPRESSION: variable(text, 'none', 'gzip or none.'),
  OTEL_EXPORTER_OTLP_CERTIFICATE: optionalVariable(
    text,
    "Node.js's own",
    'A file with the certificates to trust. Those to show: OTEL_EXPORTER_OTLP_CLIENT_CERTIFICATE and _KEY.',
  ),
  OTEL_SERVICE_NAME: optionalVariable(text, "the program's name", 'The name of this process in traces and metrics.'),
  OTEL_RESOURCE_ATTRIBUTES: optionalVariable(
    text,
    'none',
    'More attributes of this process: name=value, comma-separated.',
  ),
  OTEL_NODE_RESOURCE_DETECTORS: variable(
    text,
    'all',
    'The attributes of this process that the SDK detects: all, none, or some of env, host, os, process (its command line too), serviceinstance.',
  ),
  OTEL_PROPAGATORS: variable(
    text,
    'tracecontext,baggage',
    'How a call names the trace that it belongs to: tracecontext, baggage or none.',
  ),
  OTEL_TRACES_SAMPLER: variable(
    text,
    'parentbased_always_on',
    'always_on, always_off or traceidratio; behind parentbased_ the client decides where it traces.',
  ),
  OTEL_TRACES_SAMPLER_ARG: variable(text, '1', 'The share of traces to keep with traceidratio, from 0 to 1.'),
  OTEL_BSP_MAX_QUEUE_SIZE: variable(text, '2048', 'The most spans that wait to be sent; more are lost.'),
  OTEL_BSP_MAX_EXPORT_BATCH_SIZE: variable(text, '512', 'The most spans that are sent at once.'),
  OTEL_BSP_SCHEDULE_DELAY: variable(text, '5000', 'How long spans wait for others, in milliseconds.'),
  OTEL_BSP_EXPORT_TIMEOUT: variable(text, '30000', 'How long sending may take, retries included, in milliseconds.'),
  OTEL_METRIC_EXPORT_INTERVAL: variable(
    text,
    '60000',
    'The time from one push of metrics to the next, in milliseconds.',
  ),
  OTEL_METRIC_EXPORT_TIMEOUT: variable(text, '30000', 'How long a push may take, in milliseconds.'),
  OTEL_EXPORTER_OTLP_METRICS_TEMPORALITY_PREFERENCE: variable(
    text,
    'cumulative',
    'How pushed metrics count: cumulative, delta or lowmemory.',
  ),
} as const satisfies EnvironmentTable;

/** What the environment asks of OpenTelemetry. */
export interface OtelRequest {
  /** OTEL_SDK_DISABLED: nothing is traced or measured. */
  readonly isDisabled: boolean;
  readonly isTraced: boolean;
  readonly pushesMetrics: boolean;
  /** One line for each variable that is not followed. */
  readonly problems: readonly string[];
}

/**
 * Prepares the variables of the process for OpenTelemetry's SDK, which reads them itself: white space around values goes,
 * secrets come from their files, and variables that cannot be followed are removed, so that the SDK uses its defaults.
 */
export function prepareOtelEnvironment(
  environment: Environment<typeof otelEnvironmentTable>,
  env: Record<string, string | undefined> = process.env,
): OtelRequest {
  for (const [name, given] of Object.entries(env)) if (name.startsWith('OTEL_')) env[name] = given?.trim();
  const { OTEL_EXPORTER_OTLP_HEADERS: headers } = environment;
  if (headers !== undefined) env['OTEL_EXPORTER_OTLP_HEADERS'] = headers;
  const problems = findOtelProblems(env);
  for (const { name } of problems) delete env[name];

  const isDisabled = env['OTEL_SDK_DISABLED']?.toLowerCase() === 'true';
  return {
    isDisabled,
    isTraced: !isDisabled && exportsByOtlp('TRACES', env),
    pushesMetrics: !isDisabled && exportsByOtlp('METRICS', env),
    problems: problems.map(({ line }) => line),
  };
}

/** The SDK's default is to export to a receiver on this machine. These programs do so only if a variable asks for it. */
function exportsByOtlp(signal: 'TRACES' | 'METRICS', env: Readonly<Record<string, string | undefined>>): boolean {
  const exporters = env[`OTEL_${signal}_EXPORTER`];
  if (exporters) return exporters.split(',').some((name) => name.trim() === 'otlp');
  return Boolean(env['OTEL_EXPORTER_OTLP_ENDPOINT']) || Boolean(env[`OTEL_EXPORTER_OTLP_${signal}_ENDPOINT`]);
}
