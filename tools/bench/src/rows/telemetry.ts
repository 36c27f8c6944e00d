import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { closedLoop } from '../closed-loop.js';
import { content } from '../content.js';
import { processCpuUs } from '../cpu-time.js';
import { McpHttpProcess, mcpHttp, unusedPort } from '../http/mcp-http-process.js';
import { benchDatabase, owner, seedSessions, sessionKey } from '../postgres/bench-database.js';
import { serverSettings } from '../postgres/server-settings.js';
import type { Comparison, OpenRow, Row, RowContext, Sample } from '../row.js';
import { takeTurns, type Measure } from '../take-turns.js';

const callers = 8;
const sessionsOf = ({ effort }: RowContext): number => (effort.isQuick ? 50 : 1000);
const cpu = 'server CPU µs/call';

export const telemetry: Row = {
  name: 'telemetry',
  title: `updateContext over HTTP on PostgreSQL, ${callers} callers, by what the server tells of itself`,
  open,
};

async function open(context: RowContext): Promise<OpenRow> {
  const database = await benchDatabase(context);
  const sessions = sessionsOf(context);
  const restore = await seedSessions(database, sessions);
  const receiver = await startReceiver(context);
  const start = (env: Record<string, string>): Promise<McpHttpProcess> =>
    startServer(context, { DATABASE_URL: database.url, METRICS_PORT: 'off', LOG_LEVEL: 'silent', ...env });
  const off = await start({});
  const measured = await start({ METRICS_PORT: `${await unusedPort()}`, LOG_LEVEL: 'info' });
  const traced = await start({
    OTEL_EXPORTER_OTLP_ENDPOINT: receiver.url,
    OTEL_TRACES_SAMPLER: 'parentbased_traceidratio',
    OTEL_TRACES_SAMPLER_ARG: '0.1',
    OTEL_BSP_SCHEDULE_DELAY: '500',
  });
  // Otherwise it might measure how fast a server is that traces nothing.
  await append(traced, 1, { traceparent: '00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01' });
  await receiver.heard;

  const measure = (server: McpHttpProcess): Measure => {
    return async () => {
      await restore();
      return measureServer(context, server);
    };
  };
  const variants = new Map<string, Measure>([
    ['off', measure(off)],
    ['metrics and logs', measure(measured)],
    ['traces of 10 %', measure(traced)],
  ]);
  return {
    measureRound: takeTurns([variants], context),
    comparisons,
    settings: { sessions: String(sessions), ...(await serverSettings(database)) },
  };
}

const comparisons: readonly Comparison[] = [
  { variant: 'metrics and logs', atLeast: 0.95 },
  { variant: 'traces of 10 %', atLeast: 0.9 },
].flatMap(({ variant, atLeast }): Comparison[] => [
  {
    name: `calls/s with ${variant} / off`,
    value: (sample) => rate(sample(variant)) / rate(sample('off')),
    bar: { atLeast },
  },
  { name: `${cpu} with ${variant} / off`, value: (sample) => cpuOf(sample(variant)) / cpuOf(sample('off')) },
]);

const rate = (sample: Sample): number => sample.callsPerSecond ?? NaN;
const cpuOf = (sample: Sample): number => sample.facts?.[cpu] ?? NaN;

async function measureServer(context: RowContext, server: McpHttpProcess): Promise<Sample> {
  let beforeUs: number | undefined;
  let turn = 0;
  const sample = await closedLoop(
    { ...context, callers, onMeasure: () => void (beforeUs = processCpuUs(server.pid)) },
    async () => {
      await append(server, 1 + (turn++ % sessionsOf(context)));
      return 1;
    },
  );
  const usedUs = (processCpuUs(server.pid) ?? NaN) - (beforeUs ?? NaN);
  return { ...sample, facts: Number.isNaN(usedUs) ? {} : { [cpu]: usedUs / sample.calls } };
}

const append = (server: McpHttpProcess, session: number, meta?: Record<string, string>): Promise<void> =>
  server.callTool(
    'modern',
    'updateContext',
    { agent: owner, sessionKey: sessionKey(session), contextType: 'message', content },
    meta,
  );

async function startServer({ resources }: RowContext, env: Record<string, string>): Promise<McpHttpProcess> {
  const server = await McpHttpProcess.start({ program: mcpHttp, env });
  resources.defer(() => server.close());
  return server;
}

/** Takes spans by OTLP, and does nothing with them. */
async function startReceiver({ resources }: RowContext): Promise<{ url: string; heard: Promise<void> }> {
  const heard = Promise.withResolvers<void>();
  const server = createServer((request, response) => {
    request.resume().on('end', () => {
      response.end();
      heard.resolve();
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  resources.defer(() => {
    server.close();
    server.closeAllConnections();
  });
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, heard: heard.promise };
}
