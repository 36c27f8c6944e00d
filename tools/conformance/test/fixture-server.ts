import { McpServer } from '@modelcontextprotocol/server';
import { noTelemetry, openContextStore } from '@org/context-store';
import { readEnvironment } from '@org/context-store/environment';
import { maxMessageBytes } from '@org/mcp';
import { createApp } from '@org/mcp-http/app';
import { allowedHosts, httpEnvironmentTable, localOriginHosts } from '@org/mcp-http/environment';
import { openHttpServer } from '@org/mcp-http/http-server';
import { createMessageServer } from '@org/mcp-http/serve-message';
import { createMcpServerFactory, createResourceChanges, createResources, serveOverHttp } from '@org/mcp/testing';
import { addFixtures } from './add-fixtures.js';

export interface FixtureServer {
  readonly mcp: string;
  readonly close: () => Promise<void>;
}

/** The HTTP server with all that the product checks, reads and answers; only what it offers are fixtures. */
export async function openFixtureServer(): Promise<FixtureServer> {
  const environment = readEnvironment(httpEnvironmentTable, { PORT: '0' });
  const contextStore = await openContextStore({ database: 'sqlite::memory:' });
  const resources = createResources(contextStore, undefined);
  const resourceChanges = createResourceChanges({ contextStore, resources, gatherMs: undefined });
  const productFactory = createMcpServerFactory({ contextStore, version: '0.0.0', resourceChanges });
  const handler = serveOverHttp(
    async (context) => {
      const product = await productFactory(context);
      const server = product instanceof McpServer ? product.server : product;
      addFixtures(server);
      return server;
    },
    { resourceChanges },
  );
  const serveMessage = createMessageServer({
    handler,
    telemetry: noTelemetry,
    maxRequestBytes: maxMessageBytes(environment.MAX_CONTENT_BYTES),
    maxConcurrentCalls: environment.MAX_CONCURRENT_CALLS,
    maxQueuedCalls: environment.MAX_QUEUED_CALLS,
    maxWaitingCalls: environment.MAX_WAITING_CALLS,
  });
  const app = createApp({
    service: Promise.resolve({ serveMessage, contextStore }),
    allowedHosts: allowedHosts(environment),
    allowedOrigins: environment.ALLOWED_ORIGINS,
    localOriginHosts: localOriginHosts(environment),
    isStopping: () => false,
    onError: (error) => {
      throw error;
    },
  });
  const { url, drain } = await openHttpServer({ fetch: app.fetch, host: environment.HOST, port: environment.PORT });
  return {
    mcp: `${url}/mcp`,
    close: async () => {
      await drain(1000);
      await handler.close();
      await contextStore.close();
    },
  };
}
