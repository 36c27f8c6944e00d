import { execFile } from 'node:child_process';
import { mkdtemp, readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { fileURLToPath } from 'node:url';
import { closedLoop } from '../closed-loop.js';
import { content } from '../content.js';
import { profilingArguments, type CpuProfile } from '../cpu-profile.js';
import { cpuFacts, lookAtCpu } from '../cpu-time.js';
import { eras, type Era } from '../http/mcp-client.js';
import { mcpHttp, McpHttpProcess, unusedPort } from '../http/mcp-http-process.js';
import { benchDatabase, owner, seedSessions, sessionKey, type BenchDatabase } from '../postgres/bench-database.js';
import { serverSettings } from '../postgres/server-settings.js';
import type { Comparison, OpenRow, Row, RowContext, Sample } from '../row.js';
import { takeTurns, type Measure } from '../take-turns.js';
import { temporaryFolder } from '../temporary-folder.js';

const sessionsOf = ({ effort }: RowContext): number => (effort.isQuick ? 100 : 10_000);
/** How many callers, and the bar for them. */
const loads = [
  { callers: 8, atLeast: 0.85 },
  { callers: 32, atLeast: 1.3 },
] as const;
const product = 'mcp-http';
const bare = 'bare server, raw pg';
const noOp = 'no-op server';

const bareServer = fileURLToPath(new URL('../http/bare-server.js', import.meta.url));

export const httpPostgres: Row = {
  name: 'http-postgres',
  title: `updateContext over HTTP, PostgreSQL: 10,000 sessions, ${content.length} bytes`,
  open,
};

async function open(context: RowContext): Promise<OpenRow> {
  const database = await benchDatabase(context);
  const sessions = sessionsOf(context);
  context.progress(`creating ${sessions} sessions`);
  const reset = await seedSessions(database, sessions);
  const servers = new Map([
    [product, await startProduct(context, database)],
    [bare, await start(context, { program: bareServer, env: { DATABASE_URL: database.url } })],
    [noOp, await start(context, { program: bareServer })],
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
  return {
    measureRound: takeTurns(
      measured.flatMap(({ callers }) => eras.map((era) => group(callers, era))),
      context,
    ),
    comparisons: eras.flatMap((era) => measured.flatMap(({ callers, atLeast }) => against(callers, era, atLeast))),
    settings: { sessions: String(sessions), ...(await serverSettings(database)) },
    profile: () => profileProduct(context, database),
  };
}

const variant = (server: string, callers: number, era: Era): string => `${server}, ${era}, ${callers} callers`;

function against(callers: number, era: Era, atLeast: number): Comparison[] {
  const ratio = (limit: string): Comparison => ({
    name: `${variant(product, callers, era)} / ${limit}`,
    value: (sample) =>
      (sample(variant(product, callers, era)).callsPerSecond ?? NaN) /
      (sample(variant(limit, callers, era)).callsPerSecond ?? NaN),
  });
  return [{ ...ratio(bare), bar: { atLeast } }, ratio(noOp)];
}

async function start(
  { resources }: RowContext,
  ...args: Parameters<typeof McpHttpProcess.start>
): Promise<McpHttpProcess> {
  const server = await McpHttpProcess.start(...args);
  resources.defer(() => server.close());
  return server;
}

/** As it is run in production: with authentication, limits and measurements. */
async function startProduct(
  context: RowContext,
  database: BenchDatabase,
  nodeArguments: readonly string[] = [],
): Promise<McpHttpProcess> {
  const env = {
    DATABASE_URL: database.url,
    CONTEXT_AGENT: owner,
    METRICS_PORT: String(await unusedPort()),
    API_KEYS_FILE: join(await temporaryFolder(context), 'api-keys'),
    RATE_LIMIT_PER_SECOND: '1000000',
  };
  const createKey = promisify(execFile)(process.execPath, [mcpHttp, 'create-api-key', 'bench', 'context:write'], {
    env,
  });
  const apiKey = (await createKey).stdout.trim();
  return start(context, { program: mcpHttp, env, nodeArguments }, apiKey);
}

const anySession = (context: RowContext): string => sessionKey(1 + Math.floor(Math.random() * sessionsOf(context)));

async function measure(
  context: RowContext,
  database: BenchDatabase,
  server: McpHttpProcess,
  callers: number,
  era: Era,
): Promise<Sample> {
  let before = lookAtCpu(process.pid, database.name, server.pid);
  const onMeasure = (): void => {
    before = lookAtCpu(process.pid, database.name, server.pid);
  };
  const sample = await closedLoop({ ...context, callers, onMeasure }, async () => {
    await server.callTool(era, 'updateContext', { sessionKey: anySession(context), contextType: 'message', content });
    return 1;
  });
  return { ...sample, facts: cpuFacts(before, lookAtCpu(process.pid, database.name, server.pid), sample.calls) };
}

async function profileProduct(context: RowContext, database: BenchDatabase): Promise<CpuProfile> {
  const profiles = await mkdtemp(join(await temporaryFolder(context), 'profile-'));
  const server = await startProduct(context, database, profilingArguments(profiles));
  // For long enough that its start does not show.
  const effort = { ...context.effort, measureMs: 5 * context.effort.measureMs };
  await measure({ ...context, effort }, database, server, 32, 'modern');
  await server.close();
  const [file = ''] = await readdir(profiles);
  return JSON.parse(await readFile(join(profiles, file), 'utf8')) as CpuProfile;
}
