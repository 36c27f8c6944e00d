import { join } from 'node:path';
import { timeOf } from '@org/measure/latencies';
import { mcpStdio, startStdioServer, type ProgramToStart } from '@org/measure/stdio-server-process';
import {
  compare,
  content,
  p50Ms,
  temporaryFolder,
  type Comparison,
  type OpenRow,
  type Row,
  type RowContext,
} from '../row.js';
import { bundleNoOpServer, noOpServer, withStdioServer } from '../stdio/servers.js';
import { interleaveCalls, type TimedCall } from '../take-turns.js';

const [product, noOp, bundledNoOp] = ['mcp-stdio', 'no-op server', 'no-op server, bundled'];

export const startStdio: Row = {
  name: 'start-stdio',
  title: 'Start of a stdio server, from spawn to its first successful updateContext, on a migrated file',
  open,
};

async function open(context: RowContext): Promise<OpenRow> {
  const folder = await temporaryFolder(context);
  const env = { DATABASE_URL: `sqlite:${join(folder, 'context.db')}`, CONTEXT_AGENT: 'planner' };
  const programs = new Map<string, ProgramToStart>([
    [product, { program: mcpStdio, env }],
    [noOp, { program: noOpServer }],
    [bundledNoOp, { program: await bundleNoOpServer(folder) }],
  ]);
  // This also makes the schema.
  await withStdioServer({ program: mcpStdio, env }, (server) =>
    server.callTool('registerSession', { sessionKey: 'work' }),
  );
  const starts = context.effort.isQuick ? 1 : 20;
  const variants = new Map([...programs].map(([name, program]): [string, TimedCall] => [name, () => time(program)]));
  return {
    measureRound: () => interleaveCalls([variants], starts, context),
    comparisons: [p50Against(noOp, { atMost: 1.5 }), p50Against(bundledNoOp)],
    settings: { 'starts of each in a round': String(starts) },
  };
}

const p50Against = (limit: string, bar?: Comparison['bar']): Comparison => ({
  name: `p50 of ${product} / ${limit}`,
  value: compare([product, limit], p50Ms),
  bar,
});

/** The process has ended before the next one starts. Its end does not count. */
async function time(program: ProgramToStart): Promise<number> {
  let server: ReturnType<typeof startStdioServer> | undefined;
  try {
    return await timeOf(async () => {
      server = startStdioServer(program);
      await server.initialize();
      await server.callTool('updateContext', { sessionKey: 'work', contextType: 'message', content });
    });
  } finally {
    await server?.close();
  }
}
