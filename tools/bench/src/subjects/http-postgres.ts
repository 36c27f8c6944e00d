import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { postgresProcesses } from '@org/measure/cpu';
import { startHttpServer, type HttpServerProcess } from '@org/measure/http-server-process';
import { createMcpClient, eras, type Era } from '@org/measure/mcp-client';
import { closedLoop } from '../closed-loop.js';
import { benchDatabase, randomSession } from '../postgres/bench-database.js';
import { startMcpHttp, type McpHttp } from '../servers/mcp-http.js';
import { content, temporaryFolder, type Context, type Measured, type OpenSubject, type Subject } from '../row.js';

/** How many callers, and the bar for them. */
const loads = [
  { callers: 8, bar: { atLeast: 0.85 } },
  { callers: 32, bar: { atLeast: 1.3 } },
];
const bareServer = fileURLToPath(new URL('../servers/bare-http-server.js', import.meta.url));

export const httpPostgres: Subject = {
  name: 'http-postgres',
  title: `updateContext over HTTP, PostgreSQL: 10,000 sessions, ${content.length} bytes`,
  open,
};

async function open(context: Context): Promise<OpenSubject> {
  const { effort, resources } = context;
  const sessions = effort.isQuick ? 100 : 10_000;
  const database = await benchDatabase(context, sessions);
  const folder = await temporaryFolder(context);
  const startBare = (name: string, env: Record<string, string>): Promise<HttpServerProcess> =>
    startHttpServer({ program: bareServer, env, logFile: join(folder, `${name}.log`) }, resources);
  const product = await startMcpHttp(context, { databaseUrl: database.url });
  const bare = await startBare('bare', { DATABASE_URL: database.url });
  const noOp = await startBare('no-op', {});

  const side = (name: string, server: McpHttp | HttpServerProcess, callers: number, era: Era): Measured => ({
    name,
    measure: async () => {
      await database.reset();
      const parts = {
        server: () => [server.pid],
        driver: () => [process.pid],
        database: () => postgresProcesses(database.name),
      };
      const client = createMcpClient({ ...server, era });
      try {
        return await closedLoop({ ...context, callers, parts }, async () => {
          const append = { sessionKey: randomSession(sessions), contextType: 'message', content };
          const answer = await client.callTool('updateContext', append);
          if ('errorCode' in answer) throw new Error(`${name}: ${answer.errorCode}`);
        });
      } finally {
        await client.close();
      }
    },
  });
  return {
    rows: (effort.isQuick ? loads.slice(0, 1) : loads).flatMap(({ callers, bar }) =>
      eras.map((era) => ({
        name: `${callers} callers, ${era}`,
        ours: side('mcp-http', product, callers, era),
        limit: side('bare server, raw pg', bare, callers, era),
        beside: side('no-op server', noOp, callers, era),
        bar,
      })),
    ),
    settings: { sessions: String(sessions), ...database.settings },
  };
}
