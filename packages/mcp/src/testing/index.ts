export { serveOverHttp, withNames } from '../http/create-mcp-http-handler.js';
export { createMcpServerFactory } from '../create-mcp-server-factory.js';
export { createResourceChanges } from '../subscriptions/resource-changes.js';
export { createResources } from '../resources/resources.js';
export { describeMessageReading, type MessageServer } from './message-contract.js';
export { withMethods } from './with-methods.js';
export { describeMcpSurface, type SurfaceClient, type SurfaceServer } from './surface-contract.js';
