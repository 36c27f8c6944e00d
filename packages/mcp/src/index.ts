export { createMcpServerFactory, type McpServerFactoryOptions } from './create-mcp-server-factory.js';
export { instructions } from './instructions.js';
export { maxMessageBytes } from './max-message-bytes.js';
export { toolDescriptions, type ToolDescription } from './tool-descriptions.js';
export type { OnError } from './tool-error.js';
export { tools } from './tools.js';
