import { join } from 'node:path';
import { setImmediate } from 'node:timers/promises';
import { storageOf } from '@org/measure/machine';
import { closedLoop } from '../closed-loop.js';
import { content, temporaryFolder, type Context, type OpenSubject, type Sample, type Subject } from '../row.js';
import { mcpStdio, noOpServer, startStdioServer, type StdioServer } from '../servers/stdio-server.js';
import { openRawAppend } from '../sqlite/raw-append.js';

const [sessions, agent] = [100, 'planner'];

export const stdioSqlite: Subject = {
  name: 'stdio-sqlite',
  title: `updateContext over stdio, SQLite with synchronous=FULL: ${sessions} sessions, ${content.length} bytes`,
  open,
};

async function open(context: Context): Promise<OpenSubject> {
  const folder = await temporaryFolder(context);
  const product = await startProduct(context, join(folder, 'product.db'));
  // The product also makes the schema and the sessions of the file for raw transactions.
  const migrating = await startProduct(context, join(folder, 'raw.db'));
  await migrating.close();
  const raw = openRawAppend(join(folder, 'raw.db'), agent);
  context.resources.defer(() => raw.close());
  const noOp = await startStdioServer(noOpServer);
  context.resources.defer(() => noOp.close());

  return {
    rows: [
      {
        name: 'one call at a time',
        calls: 500,
        ours: { name: 'mcp-stdio', call: () => updateContext(product) },
        limit: {
          name: 'raw transaction + no-op call',
          call: async () => {
            raw.append(anySession(), content);
            await updateContext(noOp);
          },
        },
        bar: { atMost: 1.4 },
      },
      {
        name: '32 callers',
        ours: { name: 'mcp-stdio', measure: () => measureServer(context, product) },
        limit: {
          name: 'raw transactions, one by one',
          measure: () =>
            closedLoop({ ...context, callers: 1 }, async () => {
              raw.append(anySession(), content);
              // Signals and timers get their turn, as they do between the calls of a server.
              await setImmediate();
            }),
        },
        beside: { name: 'no-op server', measure: () => measureServer(context, noOp) },
        bar: { atLeast: 2 },
      },
    ],
    settings: { ...raw.settings(), storage: (await storageOf(folder)) ?? 'unknown' },
  };
}

const sessionKey = (index: number): string => `session-${index}`;
const anySession = (): string => sessionKey(Math.floor(Math.random() * sessions));

/** Starts the product on a new file, with its sessions. */
async function startProduct({ resources }: Context, file: string): Promise<StdioServer> {
  const server = await startStdioServer(mcpStdio, { DATABASE_URL: `sqlite:${file}`, CONTEXT_AGENT: agent });
  resources.defer(() => server.close());
  const keys = Array.from({ length: sessions }, (_, index) => sessionKey(index));
  await Promise.all(keys.map((key) => server.callTool('registerSession', { sessionKey: key })));
  return server;
}

const updateContext = (server: StdioServer): Promise<void> =>
  server.callTool('updateContext', { sessionKey: anySession(), contextType: 'message', content });

function measureServer(context: Context, server: StdioServer): Promise<Sample> {
  const parts = { server: () => [server.pid], driver: () => [process.pid] };
  return closedLoop({ ...context, callers: 32, parts }, () => updateContext(server));
}
