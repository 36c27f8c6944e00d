import { join } from 'node:path';
import { content } from '../content.js';
import { interleaveCalls, timeOf, type TimedCall } from '../interleave-calls.js';
import type { Comparison, OpenRow, Row, RowContext, Sample } from '../row.js';
import { JsonRpcProcess, type ProgramToStart } from '../stdio/json-rpc-process.js';
import { bundleNoOpServer, mcpStdio, noOpServer } from '../stdio/servers.js';
import { temporaryFolder } from '../temporary-folder.js';

const [startsInRound, startsInQuickRound] = [20, 1];

export const startStdio: Row = {
  name: 'start-stdio',
  title: 'Start of a stdio server, from spawn to its first successful updateContext, on a migrated file',
  open,
};

async function open(context: RowContext): Promise<OpenRow> {
  const folder = await temporaryFolder(context);
  const product: ProgramToStart = {
    program: mcpStdio,
    env: { DATABASE_URL: `sqlite:${join(folder, 'context.db')}`, CONTEXT_AGENT: 'planner' },
  };
  await register(product);
  const bundled = await bundleNoOpServer(folder);
  const variants = new Map<string, TimedCall>([
    ['mcp-stdio', () => startAndAppend(product)],
    ['no-op server', () => startAndAppend({ program: noOpServer })],
    ['no-op server, bundled', () => startAndAppend({ program: bundled })],
  ]);
  const starts = context.effort.isQuick ? startsInQuickRound : startsInRound;
  return {
    measureRound: () => interleaveCalls([variants], starts, context),
    comparisons,
    settings: { 'starts of each in a round': String(starts) },
  };
}

const comparisons: readonly Comparison[] = [
  {
    name: 'p50 of mcp-stdio / no-op server',
    value: (sample) => p50(sample('mcp-stdio')) / p50(sample('no-op server')),
    bar: { atMost: 1.5 },
  },
  {
    name: 'p50 of mcp-stdio / no-op server, bundled',
    value: (sample) => p50(sample('mcp-stdio')) / p50(sample('no-op server, bundled')),
  },
];

const p50 = (sample: Sample): number => sample.p50Ms ?? NaN;

/** Makes the file, with the schema in it. */
async function register(product: ProgramToStart): Promise<void> {
  const server = new JsonRpcProcess(product);
  try {
    await server.initialize();
    await server.callTool('registerSession', { sessionKey: 'work' });
  } finally {
    await server.close();
  }
}

/** The process has ended before the next one starts; its end does not count. */
async function startAndAppend(program: ProgramToStart): Promise<number> {
  let server: JsonRpcProcess | undefined;
  try {
    return await timeOf(async () => {
      server = new JsonRpcProcess(program);
      await server.initialize();
      await server.callTool('updateContext', { sessionKey: 'work', contextType: 'message', content });
    });
  } finally {
    await server?.close();
  }
}
