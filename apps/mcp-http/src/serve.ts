import { databaseLocation, openContextStore } from '@org/context-store';
import { errorLine, logRedis } from '@org/context-store/command';
import { contextStoreOptions } from '@org/context-store/environment';
import { createMcpHttpHandler, maxMessageBytes } from '@org/mcp';
import { createApp } from './app.js';
import { allowedHosts, allowedOrigins, requireAuthDecision, type HttpEnvironment } from './environment.js';
import { openHttpServer } from './http-server.js';
import { openMetrics } from './open-metrics.js';
import { welcomeText } from './welcome.js';

export interface ServeOptions {
  readonly version: string;
  readonly environment: HttpEnvironment;
  /** Takes one line. */
  readonly log: (line: string) => void;
}

/** How long calls in flight may take once a stop was asked for. */
const drainWithinMs = 7000;

/** Serves until the process is told to stop; then finishes what is in flight and closes the store. */
export async function serve({ version, environment, log }: ServeOptions): Promise<void> {
  requireAuthDecision(environment);
  const stopping = new AbortController();
  const options = contextStoreOptions(environment);

  const metrics = await openMetrics(environment, log);
  const contextStore = await openContextStore({ ...logRedis(options, log), telemetry: metrics?.telemetry });
  const handler = createMcpHttpHandler({
    contextStore,
    version,
    stopping: stopping.signal,
    onError: (error, requestId) => log(errorLine(error, requestId)),
  });
  const app = createApp({
    handler,
    contextStore,
    allowedHosts: allowedHosts(environment),
    allowedOrigins: allowedOrigins(environment),
    maxRequestBytes: maxMessageBytes(environment.MAX_CONTENT_BYTES),
    isStopping: () => stopping.signal.aborted,
    log,
  });
  const server = await openHttpServer({ fetch: app.fetch, host: environment.HOST, port: environment.PORT });

  const stop = Promise.withResolvers<void>();
  process.once('SIGTERM', stop.resolve);
  process.once('SIGINT', stop.resolve);
  const location = databaseLocation(options.database);
  process.stdout.write(
    welcomeText({ version, url: `${server.url}/mcp`, location, namespace: environment.CONTEXT_NAMESPACE }),
  );

  await stop.promise;
  stopping.abort();
  await server.drain(drainWithinMs);
  await handler.close();
  await contextStore.close();
  await metrics?.close();
}
