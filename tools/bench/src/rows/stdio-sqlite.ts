import { mkdtemp, readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { closedLoop } from '../closed-loop.js';
import { content } from '../content.js';
import { storageOf } from '../machine.js';
import { profilingArguments, type CpuProfile } from '../cpu-profile.js';
import { processCpuUs } from '../cpu-time.js';
import { interleaveCalls, timeOf, type TimedCall } from '../interleave-calls.js';
import type { Comparison, OpenRow, RoundSamples, Row, RowContext, Sample } from '../row.js';
import { openRawAppend } from '../sqlite/raw-append.js';
import { JsonRpcProcess, type ProgramToStart } from '../stdio/json-rpc-process.js';
import { bundleNoOpServer, mcpStdio } from '../stdio/servers.js';
import { takeTurns, type Measure } from '../take-turns.js';
import { temporaryFolder } from '../temporary-folder.js';

const sessions = 100;
const agent = 'planner';

const oneCaller = 'mcp-stdio, one call at a time';
const oneNoOp = 'no-op server, one call at a time';
const oneTransaction = 'raw transaction, one at a time';
const manyCallers = 'mcp-stdio, 32 callers';
const manyNoOps = 'no-op server, 32 callers';
const transactions = 'raw transactions, one by one';

const callsInRound = ({ effort }: RowContext): number => (effort.isQuick ? 10 : 500);
const sessionKey = (index: number): string => `session-${index}`;
const anySession = (): string => sessionKey(Math.floor(Math.random() * sessions));

export const stdioSqlite: Row = {
  name: 'stdio-sqlite',
  title: `updateContext over stdio, SQLite with synchronous=FULL: ${sessions} sessions, ${content.length} bytes`,
  open,
};

async function open(context: RowContext): Promise<OpenRow> {
  const folder = await temporaryFolder(context);
  const server = await openProduct(context, join(folder, 'product.db'));
  // The product makes the schema of the raw file, too, and leaves.
  const seeder = await openProduct(context, join(folder, 'raw.db'));
  await seeder.close();
  const raw = openRawAppend(join(folder, 'raw.db'), agent);
  context.resources.defer(() => raw.close());
  const noOp = await startServer(context, { program: await bundleNoOpServer(folder) });

  const { effort, signal } = context;
  const rawAppend = async (): Promise<number> => {
    raw.append(anySession(), content);
    // Signals and timers get their turn, as they do between calls of a server.
    await new Promise(setImmediate);
    return 1;
  };
  const servers = new Map([
    [oneCaller, server],
    [oneNoOp, noOp],
  ]);
  const oneByOne = new Map<string, TimedCall>([
    [oneCaller, () => timeOf(() => updateContext(server))],
    [oneNoOp, () => timeOf(() => updateContext(noOp))],
    [oneTransaction, () => timeOf(async () => raw.append(anySession(), content))],
  ]);
  const atOnce = new Map<string, Measure>([
    [manyCallers, () => measureServer(context, server, 32)],
    [manyNoOps, () => measureServer(context, noOp, 32)],
    [transactions, () => closedLoop({ effort, signal, callers: 1 }, rawAppend)],
  ]);
  const measureRates = takeTurns([atOnce], context);
  const calls = callsInRound(context);
  return {
    measureRound: async (round) => {
      context.progress('one call at a time');
      await interleaveCalls([oneByOne], calls / 10, context);
      const single = await withServerCpu(servers, calls, () => interleaveCalls([oneByOne], calls, context));
      return new Map([...single, ...(await measureRates(round))]);
    },
    comparisons,
    settings: {
      'single calls of each in a round': String(calls),
      ...raw.settings(),
      storage: (await storageOf(folder)) ?? 'unknown',
    },
    profile: () => profileProduct(context, folder),
  };
}

const comparisons: readonly Comparison[] = [
  {
    name: 'p50 of mcp-stdio, one at a time / (raw transaction + no-op call)',
    value: (sample) => p50(sample(oneCaller)) / (p50(sample(oneTransaction)) + p50(sample(oneNoOp))),
    bar: { atMost: 1.4 },
  },
  {
    name: 'calls/s of mcp-stdio, 32 callers / raw transactions, one by one',
    value: (sample) => rate(sample(manyCallers)) / rate(sample(transactions)),
    bar: { atLeast: 2 },
  },
  {
    name: 'calls/s of mcp-stdio, 32 callers / no-op server, 32 callers',
    value: (sample) => rate(sample(manyCallers)) / rate(sample(manyNoOps)),
  },
];

const p50 = (sample: Sample): number => sample.p50Ms ?? NaN;
const rate = (sample: Sample): number => sample.callsPerSecond ?? NaN;

async function startServer({ resources }: RowContext, program: ProgramToStart): Promise<JsonRpcProcess> {
  const server = new JsonRpcProcess(program);
  resources.defer(() => server.close());
  await server.initialize();
  return server;
}

async function openProduct(
  context: RowContext,
  file: string,
  nodeArguments: readonly string[] = [],
): Promise<JsonRpcProcess> {
  const env = { DATABASE_URL: `sqlite:${file}`, CONTEXT_AGENT: agent };
  const server = await startServer(context, { program: mcpStdio, env, nodeArguments });
  const keys = Array.from({ length: sessions }, (_, index) => sessionKey(index));
  await Promise.all(keys.map((key) => server.callTool('registerSession', { sessionKey: key, ifExists: 'resume' })));
  return server;
}

async function profileProduct(context: RowContext, folder: string): Promise<CpuProfile> {
  const profiles = await mkdtemp(join(folder, 'profile-'));
  const server = await openProduct(context, join(folder, 'product.db'), profilingArguments(profiles));
  await measureServer(context, server, 32);
  await server.close();
  const [file = ''] = await readdir(profiles);
  return JSON.parse(await readFile(join(profiles, file), 'utf8')) as CpuProfile;
}

const updateContext = (server: JsonRpcProcess): Promise<unknown> =>
  server.callTool('updateContext', { sessionKey: anySession(), contextType: 'message', content });

/** Adds what single calls cost in their server, each of which does nothing but answer one variant meanwhile. */
async function withServerCpu(
  servers: ReadonlyMap<string, JsonRpcProcess>,
  calls: number,
  measure: () => Promise<RoundSamples>,
): Promise<RoundSamples> {
  const before = new Map([...servers].map(([name, { pid }]) => [name, processCpuUs(pid)]));
  const samples = await measure();
  return new Map(
    [...samples].map(([name, sample]) => {
      const server = servers.get(name);
      return [name, server === undefined ? sample : withCpu(sample, server, before.get(name), calls)];
    }),
  );
}

function withCpu<T extends Sample>(sample: T, { pid }: JsonRpcProcess, beforeUs: number | undefined, calls: number): T {
  const usedUs = (processCpuUs(pid) ?? NaN) - (beforeUs ?? NaN);
  return Number.isFinite(usedUs) ? { ...sample, facts: { 'server CPU µs/call': usedUs / calls } } : sample;
}

/** A closed loop over a server, with what it costs there. */
async function measureServer({ effort, signal }: RowContext, server: JsonRpcProcess, callers: number): Promise<Sample> {
  let beforeUs: number | undefined;
  const onMeasure = (): void => {
    beforeUs = processCpuUs(server.pid);
  };
  const call = async (): Promise<number> => {
    await updateContext(server);
    return 1;
  };
  const sample = await closedLoop({ effort, signal, callers, onMeasure }, call);
  return withCpu(sample, server, beforeUs, sample.calls);
}
