import { createContextStore, type McpRequest, type RequestCaller } from '@org/domain';
import { createMemoryStore } from '@org/store-contract';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { startOtelSdk, type OtelSdk } from '../src/sdk/index.js';
import { startOtlpReceiver, type OtlpReceiver } from '../src/testing/index.js';

let receiver: OtlpReceiver;
let lines: string[];
let sdk: OtelSdk | undefined;
beforeEach(async () => {
  receiver = await startOtlpReceiver();
  [lines, sdk] = [[], undefined];
  vi.stubEnv('OTEL_EXPORTER_OTLP_ENDPOINT', receiver.url);
});
afterEach(async () => {
  await sdk?.close();
  vi.unstubAllEnvs();
  await receiver.close();
});

/** Starts the SDK with these variables, makes one call, and closes it. */
async function run(env: Readonly<Record<string, string>>, request?: McpRequest, metricsPrefix?: string): Promise<void> {
  for (const [name, text] of Object.entries(env)) vi.stubEnv(name, text);
  const log = (line: string): void => void lines.push(line);
  const options = { serviceName: 'program', version: '1.2.3', log };
  sdk = startOtelSdk({ ...options, isTraced: true, pushesMetrics: true, metricsPrefix });
  const contextStore = createContextStore(
    { store: createMemoryStore(), telemetry: sdk.telemetry },
    { agent: 'planner' },
  );
  const caller: RequestCaller = { request };
  await contextStore.as(caller).registerSession({ sessionKey: 'work' });
  await contextStore.close();
  await sdk.close();
  sdk = undefined;
}

it.each([{}, { OTEL_EXPORTER_OTLP_PROTOCOL: 'http/json' }, { OTEL_EXPORTER_OTLP_COMPRESSION: 'gzip' }])(
  'sends traces and metrics of one resource by OTLP: %j',
  async (env) => {
    await run(env);
    expect(receiver.spans.map(({ name }) => name)).toEqual(['createSession', 'registerSession']);
    const value = (name: string): unknown => receiver.metrics.find((metric) => metric.name === name)?.points[0]?.value;
    expect([value('sessions_created_total'), value('tool_duration_ms'), value('cache_hit_ratio')]).toEqual([1, 1, 0]);
    const resources = [...receiver.spans, ...receiver.metrics].map(({ resource }) => resource);
    const [first] = resources;
    expect(first).toMatchObject({
      'service.name': 'program',
      'service.version': '1.2.3',
      'process.pid': expect.anything(),
    });
    expect(resources.every((resource) => resource['service.instance.id'] === first?.['service.instance.id'])).toBe(
      true,
    );
    expect(lines).toEqual([]);
  },
);

it('puts a prefix before the name of every metric, and changes nothing else of them', async () => {
  /** Each name with the kind of its points; their values differ from run to run. */
  const pushed = (): string[] =>
    receiver.metrics.map(({ name, points }) => `${name} ${points.length} ${typeof points[0]?.value}`).toSorted();
  await run({});
  const plain = pushed();
  receiver.metrics.length = 0;
  await run({}, undefined, 'context_store_');
  expect(plain.length).toBeGreaterThan(10);
  expect(pushed()).toEqual(plain.map((metric) => `context_store_${metric}`));
});

it('names its resource as the variables say', async () => {
  await run({
    OTEL_SERVICE_NAME: 'store',
    OTEL_RESOURCE_ATTRIBUTES: 'service.name=other,deployment.environment=test',
    OTEL_NODE_RESOURCE_DETECTORS: 'env',
  });
  const expected = { 'service.name': 'store', 'service.version': '1.2.3', 'deployment.environment': 'test' };
  for (const { resource } of [...receiver.spans, ...receiver.metrics]) {
    expect(resource).toMatchObject(expected);
    expect(resource).not.toHaveProperty('process.pid');
  }
});

it('follows the sampler, and measures what it does not trace', async () => {
  await run({ OTEL_TRACES_SAMPLER: 'traceidratio', OTEL_TRACES_SAMPLER_ARG: '0' });
  expect(receiver.spans).toEqual([]);
  expect(receiver.metrics).not.toEqual([]);
});

it.each([
  ['', '4bf92f3577b34da6a3ce929d0e0e4736'],
  ['none', undefined],
])('reads the parent of a call with the propagators %j', async (propagators, traceId) => {
  const given = '4bf92f3577b34da6a3ce929d0e0e4736';
  const env: Record<string, string> = propagators === '' ? {} : { OTEL_PROPAGATORS: propagators };
  await run(env, { id: 1, transport: 'tcp', traceparent: `00-${given}-00f067aa0ba902b7-01` });
  const [span] = receiver.spans;
  expect(span?.traceId === given ? given : undefined).toBe(traceId);
});

it('pushes metrics at the interval that the variables say', async () => {
  vi.stubEnv('OTEL_METRIC_EXPORT_INTERVAL', '20');
  const log = (line: string): void => void lines.push(line);
  sdk = startOtelSdk({ serviceName: 'program', version: '1.2.3', isTraced: false, pushesMetrics: true, log });
  const pushes = (): number => receiver.metrics.filter(({ name }) => name === 'error_rate').length;
  await expect.poll(pushes, { timeout: 10_000 }).toBeGreaterThan(2);
  expect(receiver.spans).toEqual([]);
});

it.each([
  [{ OTEL_EXPORTER_OTLP_TIMEOUT: '10s' }, /Unknown value '10s' for OTEL_EXPORTER_OTLP_TIMEOUT/],
  [{ OTEL_EXPORTER_OTLP_TRACES_TIMEOUT: '-5' }, /OTEL_EXPORTER_OTLP_TRACES_TIMEOUT is invalid/],
  [{ OTEL_EXPORTER_OTLP_COMPRESSION: 'zstd' }, /OTEL_EXPORTER_OTLP_COMPRESSION is invalid/],
  [{ OTEL_TRACES_SAMPLER: 'jaeger_remote' }, /unknown OTEL_TRACES_SAMPLER value "jaeger_remote", using default/],
  [
    { OTEL_TRACES_SAMPLER: 'traceidratio', OTEL_TRACES_SAMPLER_ARG: '10' },
    /OTEL_TRACES_SAMPLER_ARG=10 .* out of range/,
  ],
  [{ OTEL_BSP_MAX_QUEUE_SIZE: '-1' }, /OTEL_BSP_MAX_QUEUE_SIZE \(-1\) is invalid/],
  [{ OTEL_BSP_SCHEDULE_DELAY: 'soon' }, /Unknown value 'soon' for OTEL_BSP_SCHEDULE_DELAY/],
  [{ OTEL_EXPORTER_OTLP_METRICS_TEMPORALITY_PREFERENCE: 'x' }, /TEMPORALITY_PREFERENCE is set to 'x'/],
  [{ OTEL_NODE_RESOURCE_DETECTORS: 'env,cloud' }, /Invalid resource detector "cloud"/],
])('%j is one line that the SDK logs, and its default holds', async (env, says) => {
  await run(env);
  expect(lines).toEqual([expect.stringMatching(new RegExp(`^OpenTelemetry: .*${says.source}`))]);
  expect(receiver.spans).toHaveLength(2);
  expect(receiver.metrics).not.toEqual([]);
});

it.each([
  ['fails', 'HTTP 500'],
  ['talks nonsense', 'what answers there is no OTLP receiver, or refuses the metrics'],
] as const)(
  'logs once that metrics do not arrive where the receiver %s, and once that they do again',
  async (mood, reason) => {
    vi.stubEnv('OTEL_METRIC_EXPORT_INTERVAL', '20');
    vi.stubEnv('OTEL_EXPORTER_OTLP_TIMEOUT', '2000');
    receiver.mood = mood;
    const log = (line: string): void => void lines.push(line);
    sdk = startOtelSdk({ serviceName: 'program', version: '1.2.3', isTraced: false, pushesMetrics: true, log });
    await expect.poll(() => receiver.headers.length, { timeout: 10_000 }).toBeGreaterThan(2);
    receiver.mood = 'accepts';
    await expect.poll(() => lines.length, { timeout: 10_000 }).toBe(2);
    expect(lines).toEqual([
      `Metrics do not reach ${receiver.url}/v1/metrics (${reason}): points are missing there, calls are served as before. Check that an OTLP receiver for HTTP listens there, and OTEL_EXPORTER_OTLP_ENDPOINT.`,
      `Metrics reach ${receiver.url}/v1/metrics again.`,
    ]);
  },
);

it('closes within two seconds where nothing answers, and logs each signal that did not arrive', async () => {
  receiver.mood = 'silent';
  await run({ OTEL_EXPORTER_OTLP_TIMEOUT: '600000' });
  expect(lines.toSorted()).toEqual([
    expect.stringMatching(/^Metrics do not reach .*\/v1\/metrics \(no answer in time\)/),
    expect.stringMatching(/^Traces do not reach .*\/v1\/traces \(no answer in time\)/),
  ]);
});
