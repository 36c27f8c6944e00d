import { setTimeout as wait } from 'node:timers/promises';
import type { CallToolResult, InputRequiredResult, ServerContext, Tool } from '@modelcontextprotocol/server';
import { audio, embedded, image, text, textResult } from './fixture-content.js';
import { elicitationTools } from './fixture-elicitation-tools.js';
import { inputTools } from './fixture-input-tools.js';
import { schemaTools } from './fixture-schema-tool.js';

export interface FixtureTool {
  readonly inputSchema?: Tool['inputSchema'];
  readonly call: (
    context: ServerContext,
    given: Readonly<Record<string, unknown>>,
  ) => CallToolResult | InputRequiredResult | Promise<CallToolResult | InputRequiredResult>;
}

/** Long enough for a client to receive the previous message separately. */
const pauseMs = 50;

// oxlint-disable-next-line typescript/no-deprecated -- deprecated by the newest protocol, required by the one before
const log = ({ mcpReq }: ServerContext, message: string): Promise<void> => mcpReq.log('info', message);

async function logThrice(context: ServerContext): Promise<CallToolResult> {
  await log(context, 'Tool execution started');
  await wait(pauseMs);
  await log(context, 'Tool processing data');
  await wait(pauseMs);
  await log(context, 'Tool execution completed');
  return textResult('Logged.');
}

async function progress({ mcpReq }: ServerContext): Promise<CallToolResult> {
  const progressToken = mcpReq._meta?.progressToken;
  for (const done of [0, 50, 100]) {
    if (progressToken !== undefined) {
      const params = { progressToken, progress: done, total: 100 };
      await mcpReq.notify({ method: 'notifications/progress', params });
    }
    await wait(pauseMs);
  }
  return textResult('Done.');
}

export const fixtureTools: ReadonlyMap<string, FixtureTool> = new Map(
  Object.entries<FixtureTool>({
    test_simple_text: { call: () => textResult('This is a simple text response for testing.') },
    test_image_content: { call: () => ({ content: [image] }) },
    test_audio_content: { call: () => ({ content: [audio] }) },
    test_embedded_resource: {
      call: () => ({
        content: [embedded('test://embedded-resource', 'text/plain', 'This is an embedded resource content.')],
      }),
    },
    test_multiple_content_types: {
      call: () => ({
        content: [
          text('Multiple content types test:'),
          image,
          embedded('test://mixed-content-resource', 'application/json', '{"test":"data","value":123}'),
        ],
      }),
    },
    test_error_handling: {
      call: () => ({ isError: true, ...textResult('This tool intentionally returns an error for testing') }),
    },
    test_tool_with_logging: { call: logThrice },
    test_logging_tool: { call: logThrice },
    test_tool_with_progress: { call: progress },
    ...schemaTools,
    ...inputTools,
    ...elicitationTools,
  }),
);
