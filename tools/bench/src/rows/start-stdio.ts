import { join } from 'node:path';
import { content } from '../content.js';
import { processCpuUs } from '../cpu-time.js';
import { interleaveCalls, timeOf, type TimedCall } from '../interleave-calls.js';
import type { Comparison, OpenRow, RoundSamples, Row, RowContext, Sample } from '../row.js';
import { median } from '../statistics.js';
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
  const programs = new Map<string, ProgramToStart>([
    ['mcp-stdio', product],
    ['no-op server', { program: noOpServer }],
    ['no-op server, bundled', { program: bundled }],
  ]);
  const starts = context.effort.isQuick ? startsInQuickRound : startsInRound;
  return {
    measureRound: () => measureStarts(programs, starts, context),
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

async function measureStarts(
  programs: ReadonlyMap<string, ProgramToStart>,
  starts: number,
  context: RowContext,
): Promise<RoundSamples> {
  const cpuMs = new Map<string, number[]>([...programs.keys()].map((name) => [name, []]));
  const variants = new Map(
    [...programs].map(([name, program]): [string, TimedCall] => [
      name,
      () => startAndAppend(program, (usedMs) => cpuMs.get(name)?.push(usedMs)),
    ]),
  );
  const samples = await interleaveCalls([variants], starts, context);
  return new Map(
    [...samples].map(([name, sample]) => {
      const used = cpuMs.get(name) ?? [];
      return [name, used.length === 0 ? sample : { ...sample, facts: { 'server CPU ms': median(used) } }];
    }),
  );
}

/**
 * The process has ended before the next one starts; its end does not count.
 *
 * @param onCpu told the CPU time that it took to answer, where that can be seen
 */
async function startAndAppend(program: ProgramToStart, onCpu: (usedMs: number) => void): Promise<number> {
  let server: JsonRpcProcess | undefined;
  try {
    const ms = await timeOf(async () => {
      server = new JsonRpcProcess(program);
      await server.initialize();
      await server.callTool('updateContext', { sessionKey: 'work', contextType: 'message', content });
    });
    const usedUs = server === undefined ? undefined : processCpuUs(server.pid);
    if (usedUs !== undefined) onCpu(usedUs / 1000);
    return ms;
  } finally {
    await server?.close();
  }
}
