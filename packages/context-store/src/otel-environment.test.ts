import { expect, it } from 'vitest';
import { readEnvironment } from './environment.js';
import { otelEnvironmentTable, passOnOtelEnvironment } from './otel-environment.js';

const passOn = (env: Record<string, string>): string[] =>
  passOnOtelEnvironment(readEnvironment(otelEnvironmentTable, env), env);

it.each([
  [{ OTEL_TRACES_EXPORTER: 'zipkin' }, 'otlp or none'],
  [{ OTEL_TRACES_EXPORTER: 'otlp,console' }, 'otlp or none'],
  [{ OTEL_SDK_DISABLED: 'yes' }, 'true or false'],
  [{ OTEL_EXPORTER_OTLP_TIMEOUT: '10s' }, 'a number of milliseconds'],
  [{ OTEL_EXPORTER_OTLP_TRACES_TIMEOUT: '-5' }, 'a number of milliseconds'],
  [{ OTEL_EXPORTER_OTLP_COMPRESSION: 'zstd' }, 'gzip or none'],
  [{ OTEL_EXPORTER_OTLP_HEADERS: 'secret' }, 'name=value, comma-separated'],
  [{ OTEL_RESOURCE_ATTRIBUTES: 'secret,a=b' }, 'name=value, comma-separated'],
  [{ OTEL_EXPORTER_OTLP_CERTIFICATE: '/nowhere/secret.pem' }, 'a file that can be read'],
  [{ OTEL_PROPAGATORS: 'b3' }, 'tracecontext or baggage or none'],
])('%j is told of, and not repeated', (env, expected) => {
  const [name] = Object.keys(env);
  expect(passOn({ ...env })).toEqual([`${name} is not followed: it is not ${expected}.`]);
});

it('a variable that does nothing here is told of, unless it switches something off', () => {
  expect(passOn({ OTEL_METRICS_EXPORTER: 'otlp', OTEL_LOGS_EXPORTER: 'none', OTEL_LOG_LEVEL: '' })).toEqual([
    'OTEL_METRICS_EXPORTER does nothing here.',
  ]);
});

it('what is understood is passed on without white space, and without a word', () => {
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
  expect(passOn(env)).toEqual([]);
  expect(env).toMatchObject({
    OTEL_EXPORTER_OTLP_ENDPOINT: 'http://127.0.0.1:4318',
    OTEL_EXPORTER_OTLP_TRACES_COMPRESSION: 'gzip',
    OTEL_SERVICE_NAME: 'store',
    OTHER: 'left \n',
  });
});
