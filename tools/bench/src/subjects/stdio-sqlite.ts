import { join } from 'node:path';
import { setImmediate } from 'node:timers/promises';
import { storageOf } from '@org/measure/machine';
import { closedLoop } from '../closed-loop.js';
import {
  content,
  shownEntries,
  temporaryFolder,
  type Context,
  type OpenSubject,
  type Sample,
  type Subject,
} from '../row.js';
import { mcpStdio, noOpServer, startStdioServer, type StdioServer } from '../servers/stdio-server.js';
import { openRawLog } from '../sqlite/raw-log.js';

const [sessions, agent] = [100, 'planner'];
/** A session that is read, and never appended to while something is measured. */
const [readSession, entries] = ['read', 200];

export const stdioSqlite: Subject = {
  name: 'stdio-sqlite',
  title: `Calls over stdio, SQLite with synchronous=FULL: ${sessions} sessions, entries of ${content.length} bytes`,
  open,
};

async function open(context: Context): Promise<OpenSubject> {
  const folder = await temporaryFolder(context);
  const product = await startProduct(context, join(folder, 'product.db'));
  // The product also makes the schema and the sessions of the file for raw transactions.
  const migrating = await startProduct(context, join(folder, 'raw.db'));
  await migrating.close();
  const raw = openRawLog(join(folder, 'raw.db'), agent);
  context.resources.defer(() => raw.close());
  const noOp = await startStdioServer(noOpServer);
  context.resources.defer(() => noOp.close());
  for (let written = 0; written < entries; written += 1) {
    raw.append(readSession, content);
    await product.callTool('updateContext', { sessionKey: readSession, contextType: 'message', content });
  }

  return {
    rows: [
      {
        name: 'one append at a time',
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
        name: `latest ${shownEntries} of ${entries}, one at a time`,
        calls: 500,
        ours: { name: 'mcp-stdio', call: () => readLatest(product) },
        limit: {
          name: 'raw read + no-op call with such an answer',
          call: async () => {
            raw.latest(readSession);
            await readLatest(noOp);
          },
        },
      },
      {
        name: 'appends of 32 callers',
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
  const keys = [readSession, ...Array.from({ length: sessions }, (_, index) => sessionKey(index))];
  await Promise.all(keys.map((key) => server.callTool('registerSession', { sessionKey: key })));
  return server;
}

const updateContext = (server: StdioServer): Promise<void> =>
  server.callTool('updateContext', { sessionKey: anySession(), contextType: 'message', content });

const readLatest = (server: StdioServer): Promise<void> =>
  server.callTool('getContext', { sessionKey: readSession, limit: shownEntries, maxTokens: 25_000 });

function measureServer(context: Context, server: StdioServer): Promise<Sample> {
  const parts = { server: () => [server.pid], driver: () => [process.pid] };
  return closedLoop({ ...context, callers: 32, parts }, () => updateContext(server));
}
