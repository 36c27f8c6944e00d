import type { Transport } from '@modelcontextprotocol/server';
import { serveStdio } from '@modelcontextprotocol/server/stdio';
import { createMcpServerFactory, type McpServerFactoryOptions } from '../create-mcp-server-factory.js';
import { NotifyingTransport } from './notifying-transport.js';
import { createResourceChanges } from '../subscriptions/resource-changes.js';
import { createResources } from '../resources/resources.js';

export interface ServeMcpStdioOptions extends Omit<McpServerFactoryOptions, 'resourceChanges'> {
  /** The connection to the client. Serving ends when it closes. */
  readonly transport: Transport;
  /** See `createResourceChanges`. */
  readonly gatherMs?: number | undefined;
  /** Receives errors of the connection. */
  readonly onConnectionError?: ((error: Error) => void) | undefined;
}

/** Serves MCP to one client, in the protocol era that the client uses. */
export function serveMcpStdio({ transport, gatherMs, onConnectionError, ...options }: ServeMcpStdioOptions): void {
  const { contextStore, onError, caller: callerOf } = options;
  const resources = createResources(contextStore, onError);
  const resourceChanges = createResourceChanges({ contextStore, resources, gatherMs });
  serveStdio(createMcpServerFactory({ ...options, resourceChanges }), {
    transport: new NotifyingTransport(transport, resourceChanges, callerOf?.({ era: 'modern' }) ?? {}),
    ...(onConnectionError !== undefined && { onerror: onConnectionError }),
  });
}
