import { noTelemetry, type ContextStore } from '@org/context-store';
import { createMcpHttpHandler, type McpHttpHandlerOptions } from '@org/mcp';
import { expect } from 'vitest';
import { createApp } from '../../src/app.js';
import { openHttpServer } from '../../src/http/http-server.js';
import { createMessageServer, type MessageServerOptions } from '../../src/http/serve-message.js';

/** The limits of the server, and what a test observes of it. */
export interface InProcessOptions
  extends Omit<MessageServerOptions, 'handler' | 'telemetry'>, Partial<Pick<MessageServerOptions, 'telemetry'>> {
  readonly mcp?: Omit<McpHttpHandlerOptions, 'contextStore' | 'version'>;
  /** Is called for errors outside of MCP. Default: the test fails. */
  readonly onAppError?: (error: unknown) => void;
}

export interface InProcessServer {
  readonly url: string;
  /** Stops the server. Does not close the context store. */
  readonly close: (drainMs?: number) => Promise<void>;
}

/** Serves a context store in this process, on a free port, without authentication. */
export async function serveInProcess(
  contextStore: ContextStore,
  {
    mcp,
    telemetry = noTelemetry,
    onAppError = (error) => expect.fail(String(error)),
    ...messageOptions
  }: InProcessOptions,
): Promise<InProcessServer> {
  const handler = createMcpHttpHandler({ ...mcp, contextStore, version: '1' });
  const app = createApp({
    service: Promise.resolve({
      serveMessage: createMessageServer({ ...messageOptions, handler, telemetry }),
      contextStore,
    }),
    allowedHosts: ['127.0.0.1'],
    allowedOrigins: [],
    localOriginHosts: [],
    isStopping: () => false,
    onError: onAppError,
  });
  const server = await openHttpServer({ fetch: app.fetch, host: '127.0.0.1', port: 0 });
  return {
    url: server.url,
    close: async (drainMs = 1000) => {
      await server.drain(drainMs);
      await handler.close();
    },
  };
}
