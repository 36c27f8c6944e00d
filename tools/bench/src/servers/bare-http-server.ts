import { createServer, type IncomingMessage } from 'node:http';
import { text } from 'node:stream/consumers';
import { getRequestListener, type HttpBindings } from '@hono/node-server';
import { createMcpHandler, McpServer } from '@modelcontextprotocol/server';
import { Pool } from 'pg';
import { z } from 'zod';
import { rawAppend } from '../postgres/one-statement-append.js';

/**
 * What the SDK and the adapter cost: a server with one tool, without authentication, limits or metrics. With DATABASE_URL
 * the tool appends by one prepared statement of pg; without, it does nothing.
 */
const inputSchema = z.object({
  sessionKey: z.string(),
  contextType: z.enum(['message', 'file', 'tool_call', 'system']),
  content: z.string(),
});

const { DATABASE_URL, PORT } = process.env;
const pool = DATABASE_URL === undefined ? undefined : new Pool({ connectionString: DATABASE_URL });

async function append({ sessionKey, content }: z.output<typeof inputSchema>): Promise<{ [key: string]: unknown }> {
  if (pool === undefined) return { sessionKey };
  const { rows } = await pool.query<{ sequence: number }>(rawAppend(sessionKey, content));
  if (rows[0] === undefined) throw new Error('not appended');
  return { sessionKey, sequence: rows[0].sequence };
}

const handler = createMcpHandler(
  () => {
    const server = new McpServer({ name: 'bare', version: '1' });
    server.registerTool('updateContext', { inputSchema }, async (input) => {
      const structuredContent = await append(input);
      return { content: [{ type: 'text', text: JSON.stringify(structuredContent) }], structuredContent };
    });
    return server;
  },
  { legacy: 'stateless' },
);

const parse = async (incoming: IncomingMessage): Promise<unknown> => JSON.parse(await text(incoming));
const listener = getRequestListener(async (request, bindings) =>
  handler.fetch(request, { parsedBody: await parse((bindings as HttpBindings).incoming) }),
);
const server = createServer((request, response) => void listener(request, response));
server.listen(Number(PORT), '127.0.0.1');
process.once('SIGTERM', () => {
  server.close();
  server.closeAllConnections();
  void pool?.end();
});
