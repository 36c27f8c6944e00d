import { z } from 'zod';
import { optionalVariable, secret, variable, type Environment, type EnvironmentTable } from './environment.js';
import { findOtelProblems } from './find-otel-problems.js';

const text = z.string();

/**
 * The standard variables of OpenTelemetry, as its SDK reads them. A value that the SDK cannot use is logged, and the
 * program serves all the same.
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
    'otlp if an endpoint is set',
    'otlp sends traces to the endpoint, or to http://localhost:4318 if none is set. none turns traces off.',
  ),
  OTEL_METRICS_EXPORTER: optionalVariable(
    text,
    'otlp if an endpoint is set',
    'otlp pushes metrics to the endpoint, or to http://localhost:4318 if none is set. none and prometheus push nothing.',
  ),
  OTEL_SDK_DISABLED: variable(text, 'false', 'true turns traces and metrics off, whatever other variables say.'),
  OTEL_EXPORTER_OTLP_PROTOCOL: variable(text, 'http/protobuf', 'The format of requests: http/protobuf or http/json.'),
  OTEL_EXPORTER_OTLP_HEADERS: secret(
    optionalVariable(text, 'none', 'Headers that are sent to the receiver: name=value, comma-separated.'),
  ),
  OTEL_EXPORTER_OTLP_TIMEOUT: variable(text, '10000', 'How long a receiver may take for a request, in milliseconds.'),
  OTEL_EXPORTER_OTLP_COMPRESSION: variable(text, 'none', 'The compression of requests: gzip or none.'),
  OTEL_EXPORTER_OTLP_CERTIFICATE: optionalVariable(
    text,
    'those that Node.js trusts',
    'The file of trusted certificates. OTEL_EXPORTER_OTLP_CLIENT_CERTIFICATE and _KEY name the files of a client certificate.',
  ),
  OTEL_SERVICE_NAME: optionalVariable(text, "the program's name", 'The name of this process in traces and metrics.'),
  OTEL_RESOURCE_ATTRIBUTES: optionalVariable(
    text,
    'none',
    'Additional attributes of this process: name=value, comma-separated.',
  ),
  OTEL_NODE_RESOURCE_DETECTORS: variable(
    text,
    'all',
    'The attributes of this process that the SDK detects: all, none, or some of env, host, os, process (its command line too), serviceinstance.',
  ),
  OTEL_PROPAGATORS: variable(
    text,
    'tracecontext,baggage',
    'The formats in which calls name their trace: tracecontext, baggage or none.',
  ),
  OTEL_TRACES_SAMPLER: variable(
    text,
    'parentbased_always_on',
    'Which calls are traced: always_on, always_off or traceidratio. With the prefix parentbased_, clients that trace decide.',
  ),
  OTEL_TRACES_SAMPLER_ARG: variable(text, '1', 'The share of calls that traceidratio traces, from 0 to 1.'),
  OTEL_BSP_MAX_QUEUE_SIZE: variable(text, '2048', 'Maximum number of spans that wait to be sent; more are dropped.'),
  OTEL_BSP_MAX_EXPORT_BATCH_SIZE: variable(text, '512', 'Maximum number of spans in one request.'),
  OTEL_BSP_SCHEDULE_DELAY: variable(text, '5000', 'How long spans are collected for one request, in milliseconds.'),
  OTEL_BSP_EXPORT_TIMEOUT: variable(text, '30000', 'How long sending may take, retries included, in milliseconds.'),
  OTEL_METRIC_EXPORT_INTERVAL: variable(
    text,
    '60000',
    'The time from one push of metrics to the next, in milliseconds.',
  ),
  OTEL_METRIC_EXPORT_TIMEOUT: variable(text, '30000', 'How long a push of metrics may take, in milliseconds.'),
  OTEL_EXPORTER_OTLP_METRICS_TEMPORALITY_PREFERENCE: variable(
    text,
    'cumulative',
    'Whether pushed counters count from the start or from the last push: cumulative, delta or lowmemory.',
  ),
} as const satisfies EnvironmentTable;

/** What the environment turns on. */
export interface OtelRequest {
  /** Whether OTEL_SDK_DISABLED turns all traces and metrics off. */
  readonly isDisabled: boolean;
  readonly isTraced: boolean;
  readonly pushesMetrics: boolean;
  /** One line for each variable that has no effect. */
  readonly problems: readonly string[];
}

/**
 * Prepares the variables of this process for OpenTelemetry's SDK, which reads them itself. Trims values, sets secrets
 * from their files, and deletes variables that it cannot use, so that it uses its defaults. Changes `env`.
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

/** The SDK exports to a receiver on this machine by default. These programs do so only if a variable asks for it. */
function exportsByOtlp(signal: 'TRACES' | 'METRICS', env: Readonly<Record<string, string | undefined>>): boolean {
  const exporters = env[`OTEL_${signal}_EXPORTER`];
  if (exporters) return exporters.split(',').some((name) => name.trim() === 'otlp');
  return Boolean(env['OTEL_EXPORTER_OTLP_ENDPOINT']) || Boolean(env[`OTEL_EXPORTER_OTLP_${signal}_ENDPOINT`]);
}
