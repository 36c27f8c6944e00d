import { join } from 'node:path';
import { closedLoop } from '../closed-loop.js';
import { content } from '../content.js';
import { processCpuUs } from '../cpu-time.js';
import { McpHttpProcess, mcpHttp, unusedPort } from '../http/mcp-http-process.js';
import { startTraceReceiver, type TraceReceiver } from '../http/trace-receiver.js';
import { benchDatabase, owner, seedSessions, sessionKey } from '../postgres/bench-database.js';
import { serverSettings } from '../postgres/server-settings.js';
import { VoidMeasurement, type Comparison, type OpenRow, type Row, type RowContext, type Sample } from '../row.js';
import { takeTurns, type Measure } from '../take-turns.js';
import { temporaryFolder } from '../temporary-folder.js';

const callers = 8;
const sessionsOf = ({ effort }: RowContext): number => (effort.isQuick ? 50 : 1000);
const cpu = 'server CPU µs/call';
const sampledShare = 0.1;

export const telemetry: Row = {
  name: 'telemetry',
  title: `updateContext over HTTP on PostgreSQL, ${callers} callers, by what the server tells of itself`,
  open,
};

async function open(context: RowContext): Promise<OpenRow> {
  const database = await benchDatabase(context);
  const sessions = sessionsOf(context);
  const restore = await seedSessions(database, sessions);
  const receiver = await startTraceReceiver(context);
  const logFile = join(await temporaryFolder(context), 'server.log');
  const start = (env: Record<string, string>, log?: string): Promise<McpHttpProcess> =>
    startServer(context, { DATABASE_URL: database.url, METRICS_PORT: 'off', LOG_LEVEL: 'silent', ...env }, log);
  const off = await start({});
  const measured = await start({ METRICS_PORT: `${await unusedPort()}`, LOG_LEVEL: 'info' });
  const debugged = await start({ METRICS_PORT: `${await unusedPort()}`, LOG_LEVEL: 'debug' }, logFile);
  const traced = await start({
    OTEL_EXPORTER_OTLP_ENDPOINT: receiver.url,
    OTEL_TRACES_SAMPLER: 'parentbased_traceidratio',
    OTEL_TRACES_SAMPLER_ARG: String(sampledShare),
    OTEL_BSP_SCHEDULE_DELAY: '500',
  });
  // Otherwise it might measure how fast a server is that traces nothing.
  await append(traced, 1, { traceparent: '00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01' });
  await expectTraces(receiver, 1);

  const measure = (server: McpHttpProcess): Measure => {
    return async () => {
      await restore();
      return (await measureServer(context, server)).sample;
    };
  };
  let tracedCalls = 0;
  const measureTraced = async (): Promise<Sample> => {
    await restore();
    const { sample, made } = await measureServer(context, traced);
    tracedCalls += made;
    await expectTraces(receiver, fewestSampled(tracedCalls));
    return sample;
  };
  const variants = new Map<string, Measure>([
    ['off', measure(off)],
    ['metrics and logs', measure(measured)],
    ['metrics, a line of log for each call', measure(debugged)],
    ['traces of 10 %', measureTraced],
  ]);
  return {
    measureRound: takeTurns([variants], context),
    comparisons,
    settings: { sessions: String(sessions), ...(await serverSettings(database)) },
  };
}

/** At the level of log that is the default, a call writes no line; at `debug` it does, which is for finding faults. */
const comparisons: readonly Comparison[] = [
  { variant: 'metrics and logs', bar: { atLeast: 0.95 } },
  { variant: 'metrics, a line of log for each call' },
  { variant: 'traces of 10 %', bar: { atLeast: 0.9 } },
].flatMap(({ variant, bar }): Comparison[] => [
  { name: `calls/s with ${variant} / off`, value: (sample) => rate(sample(variant)) / rate(sample('off')), bar },
  { name: `${cpu} with ${variant} / off`, value: (sample) => cpuOf(sample(variant)) / cpuOf(sample('off')) },
]);

const rate = (sample: Sample): number => sample.callsPerSecond ?? NaN;
const cpuOf = (sample: Sample): number => sample.facts?.[cpu] ?? NaN;

/** Chance has it that fewer are sampled once in millions of times. */
const fewestSampled = (calls: number): number =>
  Math.floor(calls * sampledShare - 5 * Math.sqrt(calls * sampledShare * (1 - sampledShare)));

/** Traces that are dropped cost nothing, and would make the server look fast. */
async function expectTraces(receiver: TraceReceiver, atLeast: number): Promise<void> {
  const received = await receiver.traces(atLeast);
  if (received < atLeast)
    throw new VoidMeasurement(`traces: ${received} arrived, of at least ${atLeast} that were sampled`);
}

/** @returns also how many calls were made, warm-up included */
async function measureServer(context: RowContext, server: McpHttpProcess): Promise<{ sample: Sample; made: number }> {
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
  const facts: Sample['facts'] = Number.isNaN(usedUs) ? {} : { [cpu]: usedUs / sample.calls };
  return { sample: { ...sample, facts }, made: turn };
}

const append = (server: McpHttpProcess, session: number, meta?: Record<string, string>): Promise<void> =>
  server.callTool(
    'modern',
    'updateContext',
    { agent: owner, sessionKey: sessionKey(session), contextType: 'message', content },
    meta,
  );

async function startServer(
  { resources }: RowContext,
  env: Record<string, string>,
  logFile: string | undefined,
): Promise<McpHttpProcess> {
  const server = await McpHttpProcess.start({ program: mcpHttp, env, logFile });
  resources.defer(() => server.close());
  return server;
}
