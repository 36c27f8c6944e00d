import { unusedPort } from '@org/store-kysely/testing';
import { startOtlpReceiver } from '@org/telemetry-otel/testing';
import { describe, expect, it, onTestFinished } from 'vitest';
import { HttpServerProcess, post, type Env } from './mcp-http.js';

/** Sends what is traced at once, and gives up soon, but not where the machine alone is slow. */
const hasty = { OTEL_BSP_SCHEDULE_DELAY: '20', OTEL_EXPORTER_OTLP_TIMEOUT: '2000' };

async function start(endpoint: string, env: Env): Promise<HttpServerProcess> {
  const server = await HttpServerProcess.start({
    DATABASE_URL: 'sqlite::memory:',
    OTEL_EXPORTER_OTLP_ENDPOINT: endpoint,
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

/** Calls until it says so many lines, and then some more. */
async function callUntil(server: HttpServerProcess, lines: number): Promise<void> {
  const called = async (): Promise<number> => {
    await call(server);
    return linesOf(server).length;
  };
  await expect.poll(called, { timeout: 20_000 }).toBe(lines);
}

const lost = (reason: string, port: number): RegExp =>
  new RegExp(
    `^Traces do not reach http://127\\.0\\.0\\.1:${port}/v1/traces \\(${reason}\\): .*OTEL_EXPORTER_OTLP_ENDPOINT\\.$`,
  );

const found = (port: number): string => `Traces reach http://127.0.0.1:${port}/v1/traces again.`;

describe('a receiver of traces', () => {
  it.each([
    ['fails', 'HTTP 500'],
    ['silent', 'no answer in time'],
    ['talks nonsense', 'what answers there is no OTLP receiver, or refuses the spans'],
  ] as const)('that %s is one line, and another one when that is over', async (mood, reason) => {
    const receiver = await startOtlpReceiver();
    onTestFinished(receiver.close);
    receiver.mood = mood;
    const server = await start(receiver.url.replace('//', '//user:secret@'), hasty);
    await callUntil(server, 1);
    const asked = receiver.headers.length;
    const askedMore = async (): Promise<number> => {
      await call(server);
      return receiver.headers.length;
    };
    await expect.poll(askedMore, { timeout: 20_000 }).toBeGreaterThan(asked + 1);
    receiver.mood = 'accepts';
    await callUntil(server, 2);
    await expect.poll(() => receiver.spans.length).toBeGreaterThan(0);
    expect(await server.stop()).toMatchObject({ code: 0 });
    expect(linesOf(server)).toEqual([expect.stringMatching(lost(reason, receiver.port)), found(receiver.port)]);
  });

  it('that is not there is one line, and another one when it is', async () => {
    const port = await unusedPort();
    const server = await start(`http://127.0.0.1:${port}`, hasty);
    await callUntil(server, 1);
    for (let time = 0; time < 20; time += 1) await call(server);
    const receiver = await startOtlpReceiver(port);
    onTestFinished(receiver.close);
    await callUntil(server, 2);
    await server.stop();
    expect(linesOf(server)).toEqual([expect.stringMatching(lost('ECONNREFUSED', port)), found(port)]);
  });

  it('that is slow is one line, and told of what the queue holds', async () => {
    const receiver = await startOtlpReceiver();
    onTestFinished(receiver.close);
    receiver.mood = 'slow';
    const queue = { OTEL_BSP_MAX_QUEUE_SIZE: '1', OTEL_BSP_MAX_EXPORT_BATCH_SIZE: '1' };
    const server = await start(receiver.url, { ...hasty, ...queue });
    await callUntil(server, 1);
    const arrived = receiver.spans.length;
    const arrivedMore = async (): Promise<number> => {
      await call(server);
      return receiver.spans.length;
    };
    await expect.poll(arrivedMore, { timeout: 20_000 }).toBeGreaterThan(arrived + 2);
    expect(await server.stop()).toMatchObject({ code: 0 });
    expect(linesOf(server)).toEqual([
      expect.stringMatching(
        new RegExp(
          `^http://127\\.0\\.0\\.1:${receiver.port}/v1/traces takes traces more slowly than they come: [1-9]\\d* spans were dropped, .*OTEL_BSP_MAX_QUEUE_SIZE\\.$`,
        ),
      ),
    ]);
  });

  it('is at fault by the variable that names it', async () => {
    const url = `http://127.0.0.1:${await unusedPort()}/own`;
    const server = await start('http://127.0.0.1:4318', { OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: url, ...hasty });
    await callUntil(server, 1);
    await server.stop();
    expect(linesOf(server)).toEqual([
      expect.stringMatching(/^Traces do not reach http:.*\/own \(.*, and OTEL_EXPORTER_OTLP_TRACES_ENDPOINT\.$/),
    ]);
  });

  it('that never answers does not keep the server from stopping', async () => {
    const receiver = await startOtlpReceiver();
    onTestFinished(receiver.close);
    receiver.mood = 'silent';
    // Longer than this test may take.
    const server = await start(receiver.url, { OTEL_EXPORTER_OTLP_TIMEOUT: '600000' });
    await call(server);
    expect(await server.stop()).toMatchObject({ code: 0 });
    expect(linesOf(server)).toEqual([expect.stringMatching(lost('no answer in time', receiver.port))]);
  });
});

it.each([
  [{ OTEL_EXPORTER_OTLP_ENDPOINT: 'localhost:4318' }, 'OTEL_EXPORTER_OTLP_ENDPOINT is no URL of HTTP'],
  [{ OTEL_EXPORTER_OTLP_PROTOCOL: 'grpc' }, 'OTEL_EXPORTER_OTLP_PROTOCOL is "grpc", not http/protobuf or http/json'],
  [
    { OTEL_EXPORTER_OTLP_TRACES_PROTOCOL: 'grpc', OTEL_EXPORTER_OTLP_PROTOCOL: 'http/json' },
    'OTEL_EXPORTER_OTLP_TRACES_PROTOCOL is "grpc", not http/protobuf or http/json',
  ],
  [{ OTEL_TRACES_SAMPLER: 'jaeger_remote' }, 'OTEL_TRACES_SAMPLER is "jaeger_remote", not always_on'],
  [{ OTEL_TRACES_SAMPLER: 'traceidratio', OTEL_TRACES_SAMPLER_ARG: '10' }, 'OTEL_TRACES_SAMPLER_ARG is "10", not a'],
  [{ OTEL_BSP_MAX_QUEUE_SIZE: '-1' }, 'OTEL_BSP_MAX_QUEUE_SIZE is "-1", not a whole number'],
])('%j is one line, and calls are served', async (env, says) => {
  const server = await start('http://127.0.0.1:4318', env);
  await call(server);
  await server.stop();
  expect(linesOf(server)).toEqual([expect.stringContaining(`Nothing is traced: ${says}`)]);
});
