import { expect, it } from 'vitest';
import { readEnvironment } from './environment.js';
import { otelEnvironmentTable, prepareOtelEnvironment, type OtelRequest } from './otel-environment.js';

const prepare = (env: Record<string, string>): OtelRequest =>
  prepareOtelEnvironment(readEnvironment(otelEnvironmentTable, env), env);

it.each([
  [{ OTEL_TRACES_EXPORTER: 'zipkin' }, 'otlp or none'],
  [{ OTEL_TRACES_EXPORTER: 'otlp,console' }, 'otlp or none'],
  [{ OTEL_METRICS_EXPORTER: 'console' }, 'otlp or prometheus or none'],
  [{ OTEL_SDK_DISABLED: 'yes' }, 'true or false'],
  [{ OTEL_EXPORTER_OTLP_ENDPOINT: 'localhost:4318' }, 'a URL of HTTP, such as http://localhost:4318'],
  [{ OTEL_EXPORTER_OTLP_METRICS_ENDPOINT: 'secret' }, 'a URL of HTTP, such as http://localhost:4318'],
  [{ OTEL_EXPORTER_OTLP_PROTOCOL: 'grpc' }, 'http/protobuf or http/json'],
  [{ OTEL_METRIC_EXPORT_INTERVAL: '10s' }, 'a number of milliseconds'],
  [{ OTEL_METRIC_EXPORT_TIMEOUT: '-5' }, 'a number of milliseconds'],
  [{ OTEL_EXPORTER_OTLP_HEADERS: 'secret' }, 'name=value, comma-separated'],
  [{ OTEL_RESOURCE_ATTRIBUTES: 'secret,a=b' }, 'name=value, comma-separated'],
  [{ OTEL_EXPORTER_OTLP_CERTIFICATE: '/nowhere/secret.pem' }, 'a file that can be read'],
  [{ OTEL_PROPAGATORS: 'b3' }, 'tracecontext or baggage or none'],
])('%j is one line that does not repeat the value, and the SDK does not see the variable', (given, expected) => {
  const env: Record<string, string> = { ...given };
  const [name] = Object.keys(env);
  expect(prepare(env).problems).toEqual([`${name} is not followed: it is not ${expected}.`]);
  expect(env).toEqual({});
});

it('reports a variable without effect, unless its value is `none`, and hides it from the SDK', () => {
  const env = { OTEL_LOGS_EXPORTER: 'none', OTEL_LOG_LEVEL: 'debug', OTEL_CONFIG_FILE: '' };
  expect(prepare(env).problems).toEqual(['OTEL_LOG_LEVEL does nothing here.']);
  expect(env).not.toHaveProperty('OTEL_LOG_LEVEL');
});

it('passes valid values on without white space, and reports nothing', () => {
  const env = {
    OTEL_EXPORTER_OTLP_ENDPOINT: 'http://127.0.0.1:4318\n',
    OTEL_EXPORTER_OTLP_TRACES_COMPRESSION: ' gzip ',
    OTEL_EXPORTER_OTLP_HEADERS: 'authorization=Basic%20abc==,x-tenant=one,',
    OTEL_EXPORTER_OTLP_CERTIFICATE: import.meta.filename,
    OTEL_RESOURCE_ATTRIBUTES: 'deployment.environment=test, service.namespace = a',
    OTEL_SDK_DISABLED: 'FALSE',
    OTEL_SERVICE_NAME: 'store\n',
    OTHER: 'left \n',
  };
  expect(prepare(env)).toEqual({ isDisabled: false, isTraced: true, pushesMetrics: true, problems: [] });
  expect(env).toMatchObject({
    OTEL_EXPORTER_OTLP_ENDPOINT: 'http://127.0.0.1:4318',
    OTEL_EXPORTER_OTLP_TRACES_COMPRESSION: 'gzip',
    OTEL_SERVICE_NAME: 'store',
    OTHER: 'left \n',
  });
});

const url = 'http://127.0.0.1:4318';

it.each([
  [{}, false, false],
  [{ OTEL_EXPORTER_OTLP_ENDPOINT: '', OTEL_SERVICE_NAME: 'x' }, false, false],
  [{ OTEL_EXPORTER_OTLP_ENDPOINT: url }, true, true],
  [{ OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: url }, true, false],
  [{ OTEL_EXPORTER_OTLP_METRICS_ENDPOINT: url }, false, true],
  [{ OTEL_EXPORTER_OTLP_ENDPOINT: url, OTEL_TRACES_EXPORTER: 'none' }, false, true],
  [{ OTEL_EXPORTER_OTLP_ENDPOINT: url, OTEL_METRICS_EXPORTER: 'prometheus' }, true, false],
  [{ OTEL_TRACES_EXPORTER: 'otlp', OTEL_METRICS_EXPORTER: 'prometheus, otlp' }, true, true],
  [{ OTEL_EXPORTER_OTLP_ENDPOINT: url, OTEL_SDK_DISABLED: ' True ' }, false, false],
  [{ OTEL_EXPORTER_OTLP_ENDPOINT: 'localhost:4318' }, false, false],
])('%j asks for traces: %s, for a push of metrics: %s', (env, isTraced, pushesMetrics) => {
  expect(prepare({ ...env })).toMatchObject({ isTraced, pushesMetrics });
});
