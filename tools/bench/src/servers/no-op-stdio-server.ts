import { McpServer } from '@modelcontextprotocol/server';
import { serveStdio } from '@modelcontextprotocol/server/stdio';
import { z } from 'zod';
import { content, shownEntries } from '../row.js';

/**
 * What the SDK alone costs: `updateContext` takes what the product's does, and does nothing; `getContext` answers with as
 * much as the product's does for 50 entries.
 */
const inputSchema = z.object({
  sessionKey: z.string(),
  contextType: z.enum(['message', 'file', 'tool_call', 'system']),
  content: z.string(),
});

const entry = {
  contextType: 'message',
  agent: 'planner',
  content,
  contentBytes: content.length,
  estimatedTokens: 143,
  metadata: {},
  createdAt: new Date(0).toISOString(),
};
const entries = Array.from({ length: shownEntries }, (_, index) => ({ sequence: index + 1, ...entry }));
const log = { note: 'Recorded content.', sessionKey: 'session-0', entries, lastSequence: 200 };

serveStdio(() => {
  const server = new McpServer({ name: 'no-op', version: '1' });
  server.registerTool('updateContext', { inputSchema }, () => ({ content: [{ type: 'text', text: 'done' }] }));
  server.registerTool('getContext', { inputSchema: z.looseObject({}) }, () => ({
    content: [{ type: 'text', text: JSON.stringify(log) }],
    structuredContent: log,
  }));
  return server;
});
