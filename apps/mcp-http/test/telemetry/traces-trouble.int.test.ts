import { unusedPort } from '@org/store-kysely/testing';
import { startOtlpReceiver, type OtlpReceiver } from '@org/telemetry-otel/testing';
import { describe, expect, it, type TestContext } from 'vitest';
import { eventually } from '../support/eventually.js';
import { HttpServerProcess, post, type Env } from '../support/mcp-http.js';

/** Sends spans at once, and times out soon, yet not because the machine is slow. */
const hasty = { OTEL_BSP_SCHEDULE_DELAY: '20', OTEL_EXPORTER_OTLP_TIMEOUT: '2000' };

type OnTestFinished = TestContext['onTestFinished'];

async function start(endpoint: string, env: Env, onTestFinished: OnTestFinished): Promise<HttpServerProcess> {
  const server = await HttpServerProcess.start({
    DATABASE_URL: 'sqlite::memory:',
    OTEL_EXPORTER_OTLP_ENDPOINT: endpoint,
    OTEL_METRICS_EXPORTER: 'none',
    ...env,
  });
  onTestFinished(async () => void (await server.stop()));
  return server;
}

let calls = 0;

async function call({ mcp }: HttpServerProcess): Promise<void> {
  const args = { agent: 'planner', sessionKey: `work-${(calls += 1)}` };
  const params = { name: 'registerSession', arguments: args };
  const answer = await post(mcp, { jsonrpc: '2.0', id: 1, method: 'tools/call', params });
  expect(await answer.text()).toContain('"owner":"planner"');
}

const linesOf = ({ log }: HttpServerProcess): string[] =>
  log.filter(({ level }) => level !== 'info').map(({ msg }) => msg);

/** Calls until a check passes. */
const callUntil = (server: HttpServerProcess, check: () => void): Promise<void> =>
  eventually(async () => {
    await call(server);
    check();
  });

/** Calls until the log has this number of lines. */
const callUntilLogged = (server: HttpServerProcess, lines: number): Promise<void> =>
  callUntil(server, () => expect(linesOf(server)).toHaveLength(lines));

async function startReceiver(onTestFinished: OnTestFinished): Promise<OtlpReceiver> {
  const receiver = await startOtlpReceiver();
  onTestFinished(receiver.close);
  return receiver;
}

const lost = (reason: string, port: number): RegExp =>
  new RegExp(
    `^Traces do not reach http://127\\.0\\.0\\.1:${port}/v1/traces \\(${reason}\\): .*OTEL_EXPORTER_OTLP_ENDPOINT\\.$`,
  );

const found = (port: number): string => `Traces reach http://127.0.0.1:${port}/v1/traces again.`;

// Each test waits for the receiver and the server that it starts.
describe.concurrent('a receiver of traces', () => {
  it.for([
    ['fails', 'HTTP 500'],
    ['silent', 'no answer in time'],
    ['talks nonsense', 'what answers there is no OTLP receiver, or refuses the spans'],
  ] as const)(
    'that %s is one line, and another one when spans arrive again',
    async ([mood, reason], { onTestFinished }) => {
      const receiver = await startReceiver(onTestFinished);
      receiver.mood = mood;
      const server = await start(receiver.url.replace('//', '//user:secret@'), hasty, onTestFinished);
      await callUntilLogged(server, 1);
      const asked = receiver.headers.length;
      await callUntil(server, () => expect(receiver.headers.length).toBeGreaterThan(asked + 1));
      receiver.mood = 'accepts';
      await callUntilLogged(server, 2);
      await eventually(() => expect(receiver.spans.length).toBeGreaterThan(0));
      expect(await server.stop()).toMatchObject({ code: 0 });
      expect(linesOf(server)).toEqual([expect.stringMatching(lost(reason, receiver.port)), found(receiver.port)]);
    },
  );

  it('that is not running is one line, and another one once it runs', async ({ onTestFinished }) => {
    const port = await unusedPort();
    const server = await start(`http://127.0.0.1:${port}`, hasty, onTestFinished);
    await callUntilLogged(server, 1);
    for (let time = 0; time < 20; time += 1) await call(server);
    const receiver = await startOtlpReceiver(port);
    onTestFinished(receiver.close);
    await callUntilLogged(server, 2);
    await server.stop();
    expect(linesOf(server)).toEqual([expect.stringMatching(lost('ECONNREFUSED', port)), found(port)]);
  });

  it('that is slow is one line, and gets the spans that the queue holds', async ({ onTestFinished }) => {
    const receiver = await startReceiver(onTestFinished);
    receiver.mood = 'slow';
    const queue = { OTEL_BSP_MAX_QUEUE_SIZE: '1', OTEL_BSP_MAX_EXPORT_BATCH_SIZE: '1' };
    const server = await start(receiver.url, { ...hasty, ...queue }, onTestFinished);
    await callUntilLogged(server, 1);
    const arrived = receiver.spans.length;
    await callUntil(server, () => expect(receiver.spans.length).toBeGreaterThan(arrived + 2));
    expect(await server.stop()).toMatchObject({ code: 0 });
    expect(linesOf(server)).toEqual([
      expect.stringMatching(
        new RegExp(
          `^http://127\\.0\\.0\\.1:${receiver.port}/v1/traces takes traces more slowly than they come: [1-9]\\d* spans were dropped, .*OTEL_BSP_MAX_QUEUE_SIZE\\.$`,
        ),
      ),
    ]);
  });

  it('is named in the log with the variable that set it', async ({ onTestFinished }) => {
    const url = `http://127.0.0.1:${await unusedPort()}/own`;
    const env = { OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: url, ...hasty };
    const server = await start('http://127.0.0.1:4318', env, onTestFinished);
    await callUntilLogged(server, 1);
    await server.stop();
    expect(linesOf(server)).toEqual([
      expect.stringMatching(/^Traces do not reach http:.*\/own \(.*, and OTEL_EXPORTER_OTLP_TRACES_ENDPOINT\.$/),
    ]);
  });

  it('that never answers does not keep the server from stopping', async ({ onTestFinished }) => {
    const receiver = await startReceiver(onTestFinished);
    receiver.mood = 'silent';
    // Longer than this test may take.
    const server = await start(receiver.url, { OTEL_EXPORTER_OTLP_TIMEOUT: '600000' }, onTestFinished);
    await call(server);
    expect(await server.stop()).toMatchObject({ code: 0 });
    expect(linesOf(server)).toEqual([expect.stringMatching(lost('no answer in time', receiver.port))]);
  });
});

it.concurrent.for<[Env, string]>([
  [{ OTEL_EXPORTER_OTLP_ENDPOINT: 'localhost:4318' }, 'OTEL_EXPORTER_OTLP_ENDPOINT is not followed: it is not a URL'],
  [{ OTEL_EXPORTER_OTLP_PROTOCOL: 'grpc' }, 'OTEL_EXPORTER_OTLP_PROTOCOL is not followed: it is not http/protobuf or'],
  [
    { OTEL_EXPORTER_OTLP_TRACES_PROTOCOL: 'grpc', OTEL_EXPORTER_OTLP_PROTOCOL: 'http/json' },
    'OTEL_EXPORTER_OTLP_TRACES_PROTOCOL is not followed: it is not http/protobuf or http/json',
  ],
  [{ OTEL_TRACES_SAMPLER: 'jaeger_remote' }, 'OpenTelemetry: unknown OTEL_TRACES_SAMPLER value "jaeger_remote"'],
  [{ OTEL_TRACES_SAMPLER: 'traceidratio', OTEL_TRACES_SAMPLER_ARG: '10' }, 'OpenTelemetry: OTEL_TRACES_SAMPLER_ARG=10'],
  [{ OTEL_BSP_MAX_QUEUE_SIZE: '-1' }, 'OpenTelemetry: OTEL_BSP_MAX_QUEUE_SIZE (-1) is invalid'],
])('%j is one line, and calls are served', async ([env, says], { onTestFinished }) => {
  const receiver = await startReceiver(onTestFinished);
  const server = await start(receiver.url, env, onTestFinished);
  await call(server);
  await server.stop();
  expect(linesOf(server)).toEqual([expect.stringContaining(says)]);
});
