import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { fileURLToPath } from 'node:url';
import { postgresProcesses } from '@org/measure/cpu';
import { mcpHttp, startHttpServer, type HttpServerProcess } from '@org/measure/http-server-process';
import { callOrThrow, createMcpClient, eras, type Era } from '@org/measure/mcp-client';
import { closedLoop } from '../closed-loop.js';
import { profileProcess } from '../cpu-profile.js';
import { benchDatabase, owner, seedSessions, sessionKey, type BenchDatabase } from '../postgres/bench-database.js';
import { content, rateAgainst, temporaryFolder, type OpenRow, type Row, type RowContext, type Sample } from '../row.js';
import { takeTurns, type Measure } from '../take-turns.js';

/** How many callers, and the bar for them. */
const loads = [
  { callers: 8, atLeast: 0.85 },
  { callers: 32, atLeast: 1.3 },
] as const;
const sessionsOf = ({ effort }: RowContext): number => (effort.isQuick ? 100 : 10_000);
const bareServer = fileURLToPath(new URL('../http/bare-server.js', import.meta.url));
const [product, bare, noOp] = ['mcp-http', 'bare server, raw pg', 'no-op server'];
const variant = (server: string, callers: number, era: Era): string => `${server}, ${era}, ${callers} callers`;

export const httpPostgres: Row = {
  name: 'http-postgres',
  title: `updateContext over HTTP, PostgreSQL: 10,000 sessions, ${content.length} bytes`,
  open,
};

interface Server extends HttpServerProcess {
  readonly token?: string | undefined;
}

async function open(context: RowContext): Promise<OpenRow> {
  const database = await benchDatabase(context);
  const sessions = sessionsOf(context);
  const folder = await temporaryFolder(context);
  context.progress(`creating ${sessions} sessions`);
  const reset = await seedSessions(database, sessions);
  const startBare = (name: string, env: Record<string, string>): Promise<Server> =>
    startHttpServer({ program: bareServer, env, logFile: join(folder, `${name}.log`) }, context.resources);
  const servers = new Map<string, Server>([
    [product, await startProduct(context, database)],
    [bare, await startBare('bare', { DATABASE_URL: database.url })],
    [noOp, await startBare('no-op', {})],
  ]);
  const group = (callers: number, era: Era): Map<string, Measure> =>
    new Map(
      [...servers].map(([name, server]) => [
        variant(name, callers, era),
        async () => {
          await reset();
          return measure(context, database, server, callers, era);
        },
      ]),
    );
  const measured = context.effort.isQuick ? loads.slice(0, 1) : loads;
  const pairs = measured.flatMap((load) => eras.map((era) => ({ ...load, era })));
  return {
    measureRound: takeTurns(
      pairs.map(({ callers, era }) => group(callers, era)),
      context,
    ),
    comparisons: pairs.flatMap(({ callers, era, atLeast }) => {
      const [ours, ...limits] = [product, bare, noOp].map((server) => variant(server, callers, era)) as [
        string,
        string,
      ];
      return limits.map((limit, index) => rateAgainst(ours, limit, index === 0 ? { atLeast } : undefined));
    }),
    settings: { sessions: String(sessions), ...(await database.settings()) },
    profile: () =>
      profileProcess(folder, async (nodeArguments) => {
        const server = await startProduct(context, database, nodeArguments);
        // For long enough that its start does not show.
        const effort = { ...context.effort, measureMs: 5 * context.effort.measureMs };
        await measure({ ...context, effort }, database, server, 32, 'modern');
        await server.close();
      }),
  };
}

/** Starts mcp-http as in production: with authentication, limits and metrics. */
async function startProduct(
  context: RowContext,
  { url }: BenchDatabase,
  nodeArguments?: readonly string[],
): Promise<Server> {
  const folder = await temporaryFolder(context);
  const env = {
    DATABASE_URL: url,
    CONTEXT_AGENT: owner,
    API_KEYS_FILE: join(folder, 'api-keys'),
    RATE_LIMIT_PER_SECOND: '1000000',
  };
  const createKey = [mcpHttp, 'create-api-key', 'bench', 'context:write'];
  const { stdout } = await promisify(execFile)(process.execPath, createKey, { env });
  const logFile = join(folder, 'mcp-http.log');
  const server = await startHttpServer({ program: mcpHttp, env, nodeArguments, logFile }, context.resources);
  return { ...server, token: stdout.trim() };
}

async function measure(
  context: RowContext,
  database: BenchDatabase,
  { pid, url, token }: Server,
  callers: number,
  era: Era,
): Promise<Sample> {
  const parts = {
    server: () => [pid],
    driver: () => [process.pid],
    database: () => postgresProcesses(database.name),
  };
  const client = createMcpClient({ url, era, token });
  try {
    return await closedLoop({ ...context, callers, parts }, async () => {
      const anySession = sessionKey(1 + Math.floor(Math.random() * sessionsOf(context)));
      await callOrThrow(client, 'updateContext', { sessionKey: anySession, contextType: 'message', content });
      return 1;
    });
  } finally {
    await client.close();
  }
}
