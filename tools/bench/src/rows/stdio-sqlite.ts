import { join } from 'node:path';
import { timeOf } from '@org/measure/latencies';
import { storageOf } from '@org/measure/machine';
import {
  mcpStdio,
  startStdioServer,
  type ProgramToStart,
  type StdioServerProcess,
} from '@org/measure/stdio-server-process';
import { closedLoop } from '../closed-loop.js';
import { profileProcess } from '../cpu-profile.js';
import {
  content,
  p50Ms,
  rateAgainst,
  temporaryFolder,
  type Comparison,
  type OpenRow,
  type Row,
  type RowContext,
  type Sample,
} from '../row.js';
import { openRawAppend } from '../sqlite/raw-append.js';
import { bundleNoOpServer, withStdioServer } from '../stdio/servers.js';
import { interleaveCalls, takeTurns, type Measure, type TimedCall } from '../take-turns.js';

const [sessions, agent] = [100, 'planner'];
const oneCaller = 'mcp-stdio, one call at a time';
const oneNoOp = 'no-op server, one call at a time';
const oneTransaction = 'raw transaction, one at a time';
const manyCallers = 'mcp-stdio, 32 callers';
const manyNoOps = 'no-op server, 32 callers';
const transactions = 'raw transactions, one by one';

const sessionKey = (index: number): string => `session-${index}`;
const anySession = (): string => sessionKey(Math.floor(Math.random() * sessions));

export const stdioSqlite: Row = {
  name: 'stdio-sqlite',
  title: `updateContext over stdio, SQLite with synchronous=FULL: ${sessions} sessions, ${content.length} bytes`,
  open,
};

async function open(context: RowContext): Promise<OpenRow> {
  const { effort, signal, resources } = context;
  const folder = await temporaryFolder(context);
  const start = async (program: ProgramToStart): Promise<StdioServerProcess> => {
    const started = startStdioServer(program);
    resources.defer(() => started.close());
    await started.initialize();
    return started;
  };
  const server = await start(productOn(join(folder, 'product.db')));
  await registerSessions(server);
  // The product also makes the schema of the file for raw transactions.
  await withStdioServer(productOn(join(folder, 'raw.db')), registerSessions);
  const raw = openRawAppend(join(folder, 'raw.db'), agent);
  resources.defer(() => raw.close());
  const noOp = await start({ program: await bundleNoOpServer(folder) });

  const rawAppend = async (): Promise<number> => {
    raw.append(anySession(), content);
    // Signals and timers get their turn, as they do between the calls of a server.
    await new Promise(setImmediate);
    return 1;
  };
  const oneByOne = new Map<string, TimedCall>([
    [oneCaller, () => timeOf(() => updateContext(server))],
    [oneNoOp, () => timeOf(() => updateContext(noOp))],
    [oneTransaction, () => timeOf(async () => raw.append(anySession(), content))],
  ]);
  const atOnce = new Map<string, Measure>([
    [manyCallers, () => measureServer(context, server)],
    [manyNoOps, () => measureServer(context, noOp)],
    [transactions, () => closedLoop({ effort, signal, callers: 1 }, rawAppend)],
  ]);
  const measureRates = takeTurns([atOnce], context);
  const calls = effort.isQuick ? 10 : 500;
  return {
    measureRound: async (round) => {
      context.progress('one call at a time');
      await interleaveCalls([oneByOne], calls / 10, context);
      return new Map([...(await interleaveCalls([oneByOne], calls, context)), ...(await measureRates(round))]);
    },
    comparisons,
    settings: {
      'single calls of each in a round': String(calls),
      ...raw.settings(),
      storage: (await storageOf(folder)) ?? 'unknown',
    },
    profile: () =>
      profileProcess(folder, (nodeArguments) =>
        withStdioServer({ ...productOn(join(folder, 'product.db')), nodeArguments }, (profiled) =>
          measureServer(context, profiled),
        ),
      ),
  };
}

const comparisons: readonly Comparison[] = [
  {
    name: 'p50 of mcp-stdio, one at a time / (raw transaction + no-op call)',
    value: (round) => {
      const [ours = NaN, transaction = NaN, call = NaN] = [oneCaller, oneTransaction, oneNoOp].map((variant) =>
        p50Ms(round.get(variant) ?? {}),
      );
      return ours / (transaction + call);
    },
    bar: { atMost: 1.4 },
  },
  rateAgainst(manyCallers, transactions, { atLeast: 2 }),
  rateAgainst(manyCallers, manyNoOps),
];

const productOn = (file: string): ProgramToStart => ({
  program: mcpStdio,
  env: { DATABASE_URL: `sqlite:${file}`, CONTEXT_AGENT: agent },
});

async function registerSessions(server: StdioServerProcess): Promise<void> {
  const keys = Array.from({ length: sessions }, (_, index) => sessionKey(index));
  await Promise.all(keys.map((key) => server.callTool('registerSession', { sessionKey: key, ifExists: 'resume' })));
}

const updateContext = (server: StdioServerProcess): Promise<void> =>
  server.callTool('updateContext', { sessionKey: anySession(), contextType: 'message', content });

function measureServer({ effort, signal }: RowContext, server: StdioServerProcess): Promise<Sample> {
  const parts = { server: () => [server.pid], driver: () => [process.pid] };
  return closedLoop({ effort, signal, callers: 32, parts }, async () => {
    await updateContext(server);
    return 1;
  });
}
