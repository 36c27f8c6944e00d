import { McpServer } from '@modelcontextprotocol/server';
import { serveStdio } from '@modelcontextprotocol/server/stdio';
import { z } from 'zod';

/** What the SDK alone costs: one tool that takes what `updateContext` takes, and does nothing. */
const inputSchema = z.object({
  sessionKey: z.string(),
  contextType: z.enum(['message', 'file', 'tool_call', 'system']),
  content: z.string(),
});

serveStdio(() => {
  const server = new McpServer({ name: 'no-op', version: '1' });
  server.registerTool('updateContext', { inputSchema }, () => ({ content: [{ type: 'text', text: 'done' }] }));
  return server;
});
