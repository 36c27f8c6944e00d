export { createMcpHttpHandler, type McpHttpHandler, type McpHttpHandlerOptions } from './create-mcp-http-handler.js';
export type { McpServerFactoryOptions } from './create-mcp-server-factory.js';
export { instructions } from './instructions.js';
export { maxMessageBytes } from './max-message-bytes.js';
export { prompts } from './prompts.js';
export { serveMcpStdio, type ServeMcpStdioOptions } from './serve-mcp-stdio.js';
export { toolDescriptions, type ToolDescription } from './tool-descriptions.js';
export type { OnError } from './tool-error.js';
export { tools } from './tools.js';
