import { Server, type McpRequestContext, type Transport } from '@modelcontextprotocol/server';
import { serveStdio } from '@modelcontextprotocol/server/stdio';
import type { Caller } from '@org/domain';
import { createMcpServerFactory, type McpServerFactoryOptions } from '../create-mcp-server-factory.js';
import { createClientProject, type LocalProjects } from '../projects/client-project.js';
import { NotifyingTransport } from './notifying-transport.js';
import { createResourceChanges } from '../subscriptions/resource-changes.js';
import { createResources } from '../resources/resources.js';

export interface ServeMcpStdioOptions extends Omit<McpServerFactoryOptions, 'resourceChanges' | 'findProject'> {
  /** The connection to the client. Serving ends when it closes. */
  readonly transport: Transport;
  /** Finds the project of the client, unless `caller` names it. Default: the client has none. */
  readonly localProjects?: LocalProjects | undefined;
  /** See `createResourceChanges`. */
  readonly gatherMs?: number | undefined;
  /** Receives errors of the connection. */
  readonly onConnectionError?: ((error: Error) => void) | undefined;
}

/** Serves MCP to one client, in the protocol era that the client uses. */
export function serveMcpStdio(given: ServeMcpStdioOptions): void {
  const { transport, gatherMs, onConnectionError, localProjects, ...options } = given;
  const { contextStore, onError } = options;
  const resources = createResources(contextStore, onError);
  const resourceChanges = createResourceChanges({ contextStore, resources, gatherMs });
  const client = localProjects && createClientProject(localProjects);
  const callerOf = (context: McpRequestContext): Caller => ({ project: client?.find, ...options.caller?.(context) });
  const { findProject } = localProjects ?? {};
  const createServer = createMcpServerFactory({ ...options, caller: callerOf, findProject, resourceChanges });
  serveStdio(
    (context) => {
      const server = createServer(context);
      const isAsked = context.era === 'legacy' && callerOf(context).project === client?.find;
      // oxlint-disable-next-line typescript/no-deprecated -- see `createMcpServerFactory`
      if (isAsked && server instanceof Server) client?.follow(server);
      return server;
    },
    {
      transport: new NotifyingTransport(transport, resourceChanges, callerOf({ era: 'modern' })),
      ...(onConnectionError !== undefined && { onerror: onConnectionError }),
    },
  );
}
