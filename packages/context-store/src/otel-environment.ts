import { z } from 'zod';
import { optionalVariable, secret, variable, type Environment, type EnvironmentTable } from './environment.js';
import { findOtelProblems } from './find-otel-problems.js';

const text = z.string();

/**
 * The standard variables of OpenTelemetry that programs of ours follow. OpenTelemetry reads them by itself; what it cannot
 * follow is a line in the log, and no reason not to serve.
 */
export const otelEnvironmentTable = {
  OTEL_EXPORTER_OTLP_ENDPOINT: optionalVariable(
    text,
    'nothing is traced',
    'Where to send traces by OTLP over HTTP, such as http://localhost:4318; /v1/traces is added.',
  ),
  OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: optionalVariable(
    text,
    'OTEL_EXPORTER_OTLP_ENDPOINT',
    'The same, with its whole path.',
  ),
  OTEL_TRACES_EXPORTER: optionalVariable(
    text,
    'otlp where an endpoint is given',
    'otlp: trace, to http://localhost:4318 unless an endpoint is given. none: do not.',
  ),
  OTEL_SDK_DISABLED: variable(text, 'false', 'true: trace nothing, whatever the others say.'),
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
  OTEL_SERVICE_NAME: optionalVariable(text, "the program's name", 'What this process is called in traces.'),
  OTEL_RESOURCE_ATTRIBUTES: optionalVariable(text, 'none', 'What else to tell of it: name=value, comma-separated.'),
  OTEL_TRACES_SAMPLER: variable(
    text,
    'parentbased_always_on',
    'always_on, always_off or traceidratio; behind parentbased_ the client decides where it traces.',
  ),
  OTEL_TRACES_SAMPLER_ARG: variable(text, '1', 'The share of traces to keep with traceidratio, from 0 to 1.'),
  OTEL_BSP_MAX_QUEUE_SIZE: variable(text, '2048', 'How many spans wait to be sent at most; more are lost.'),
  OTEL_BSP_MAX_EXPORT_BATCH_SIZE: variable(text, '512', 'How many are sent at once.'),
  OTEL_BSP_SCHEDULE_DELAY: variable(text, '5000', 'How long they wait for others, in milliseconds.'),
  OTEL_BSP_EXPORT_TIMEOUT: variable(text, '30000', 'How long sending may take, retries included, in milliseconds.'),
} as const satisfies EnvironmentTable;

/** Whether the environment asks for traces: only then is OpenTelemetry to be loaded. */
export function asksForTraces(environment: Environment<typeof otelEnvironmentTable>): boolean {
  if (environment.OTEL_SDK_DISABLED.trim().toLowerCase() === 'true') return false;
  const { OTEL_EXPORTER_OTLP_ENDPOINT: common, OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: specific } = environment;
  const exporters = environment.OTEL_TRACES_EXPORTER?.split(',').map((name) => name.trim());
  return exporters?.includes('otlp') ?? (common ?? specific) !== undefined;
}

/**
 * OpenTelemetry reads the variables of the process by itself: it is given them as `readEnvironment` has read them.
 * @returns a line for each variable that OpenTelemetry would ignore without a word
 */
export function passOnOtelEnvironment(
  environment: Environment<typeof otelEnvironmentTable>,
  env: Record<string, string | undefined> = process.env,
): string[] {
  for (const [name, given] of Object.entries(env)) if (name.startsWith('OTEL_')) env[name] = given?.trim();
  const { OTEL_EXPORTER_OTLP_HEADERS: headers } = environment;
  if (headers !== undefined) env['OTEL_EXPORTER_OTLP_HEADERS'] = headers;
  return findOtelProblems(env);
}
