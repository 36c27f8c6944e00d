export {
  createMcpHttpHandler,
  type McpHttpHandler,
  type McpHttpHandlerOptions,
} from './http/create-mcp-http-handler.js';
export { agentHeader } from './http/named-agent.js';
export { projectHeader } from './projects/project-in-request.js';
export { resourceScopes, toolScopes } from './http/scopes.js';
export { serveMcpStdio, type ServeMcpStdioOptions } from './stdio/serve-mcp-stdio.js';
export type { McpServerFactoryOptions } from './create-mcp-server-factory.js';

export { maxMessageBytes } from './messages/max-message-bytes.js';
export { toolCallOf } from './messages/mcp-request.js';
export { receiveMessage, waits, type Message, type RefusedMessage, type ToolCall } from './messages/message.js';
export { readMessage, type MessageRefusal, type ReadMessage } from './messages/read-message.js';
export { RequestIdScanner } from './messages/request-id-scanner.js';

export { instructions } from './instructions.js';
export { prompts } from './prompts/prompts.js';
export { resourceUris } from './resources/resource-uri.js';
export { fixedResources, resourceTemplates } from './resources/resources.js';
export { toolDescriptions, type ToolDescription } from './tools/tool-descriptions.js';
export { serializeMessage } from './tools/tool-result.js';
export { tools } from './tools/tools.js';

export type { FailedCall, OnError } from './errors/report-error.js';
export type { FinishedCall, OnCall } from './finished-call.js';
