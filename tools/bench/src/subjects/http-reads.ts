import { createContextStore } from '@org/domain';
import { postgresProcesses } from '@org/measure/cpu';
import { createMcpClient } from '@org/measure/mcp-client';
import { createPostgresStore } from '@org/store-kysely/postgres';
import { closedLoop } from '../closed-loop.js';
import { benchDatabase, owner, randomSession } from '../postgres/bench-database.js';
import { content, type Context, type Measured, type OpenSubject, type Subject } from '../row.js';
import { startMcpHttp, type McpHttp } from '../servers/mcp-http.js';

const [sessions, entries, callers] = [50, 200, 8];

const reads: Readonly<Record<string, object>> = { getContext: {}, getBriefing: {} };

export const httpReads: Subject = {
  name: 'http-reads',
  title: `Reads over HTTP with the cache and without, PostgreSQL: ${sessions} logs of ${entries} entries of ${content.length} bytes`,
  open,
};

async function open(context: Context): Promise<OpenSubject> {
  const database = await benchDatabase(context, sessions);
  await fillLogs(database.url, context.signal);
  await database.query('vacuum analyze');
  const cached = await startMcpHttp(context, { databaseUrl: database.url });
  const uncached = await startMcpHttp(context, { databaseUrl: database.url, env: { CACHE_MEMORY_MIB: '0' } });

  const side = (name: string, server: McpHttp, tool: string, args: object): Measured => ({
    name,
    measure: async () => {
      const parts = {
        server: () => [server.pid],
        driver: () => [process.pid],
        database: () => postgresProcesses(database.name),
      };
      const client = createMcpClient({ ...server, era: 'modern' });
      try {
        return await closedLoop({ ...context, callers, parts }, async () => {
          const answer = await client.callTool(tool, { sessionKey: randomSession(sessions), ...args });
          if ('errorCode' in answer) throw new Error(`${name}: ${answer.errorCode}`);
        });
      } finally {
        await client.close();
      }
    },
  });
  return {
    rows: Object.entries(reads).map(([tool, args]) => ({
      name: `${tool}, ${callers} callers`,
      ours: side('with the cache', cached, tool, args),
      limit: side('without', uncached, tool, args),
    })),
    settings: database.settings,
  };
}

async function fillLogs(url: string, signal: AbortSignal): Promise<void> {
  const contextStore = createContextStore({ store: await createPostgresStore({ url }) }, { agent: owner });
  try {
    const append = (sessionKey: string): Promise<unknown> =>
      contextStore.updateContext({ sessionKey, contextType: 'message', content });
    for (let session = 1; session <= sessions; session += 1) {
      signal.throwIfAborted();
      await Promise.all(Array.from({ length: entries }, () => append(`session-${session}`)));
    }
  } finally {
    await contextStore.close();
  }
}
