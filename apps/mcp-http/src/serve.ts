import { setTimeout as delay } from 'node:timers/promises';
import {
  ContextStoreError,
  databaseLocation,
  describeLocation,
  noTelemetry,
  openContextStore,
  type ContextStore,
} from '@org/context-store';
import { logDatabase, logRedis } from '@org/context-store/command';
import { contextStoreOptions } from '@org/context-store/environment';
import { createFaultLog, type FaultLog, type Logger } from '@org/logger-pino';
import { createMcpHttpHandler, maxMessageBytes, type McpHttpHandler, type OnError } from '@org/mcp';
import { createApp, type Service } from './app.js';
import { publicUrl } from './auth/auth-environment.js';
import { callerOf } from './auth/auth-info.js';
import { openAuth, type Auth } from './auth/open-auth.js';
import { connectionsWithin } from './limits/max-connections.js';
import { allowedHosts, localOriginHosts, requireAuthDecision, type HttpEnvironment } from './environment.js';
import { openHttpServer, type HttpServer } from './http/http-server.js';
import { openRateLimiter } from './limits/open-rate-limiter.js';
import { openTelemetry, type OpenedTelemetry } from './telemetry/open-telemetry.js';
import type { RateLimiter } from './limits/rate-limiter.js';
import { createMessageServer, type ServeMessage } from './http/serve-message.js';
import { welcomeText } from './lifecycle/welcome.js';
import { within } from './lifecycle/within.js';

export interface ServeOptions {
  readonly version: string;
  readonly environment: HttpEnvironment;
  /** Resolves when the process is told to stop. */
  readonly stopped: Promise<NodeJS.Signals>;
  readonly log: Logger;
}

/**
 * From the moment when no more connections are taken: when the database has had its time for calls in flight, when
 * connections are cut, and when the process ends though something keeps it up. Supervisors kill after ten seconds.
 */
const [finishWithinMs, cutAfterMs, exitAfterMs] = [6000, 8000, 9000];

/** How long a client may take to read an answer, after all the time that the call may take. */
const readAnswerWithinMs = 60_000;

/** What the log calls it when a credential gives no access. */
const refusalCodes = { 401: 'UNAUTHORIZED', 403: 'FORBIDDEN', 503: 'STORE_UNAVAILABLE' } as const;

/**
 * Serves until the process is told to stop; then finishes what is in flight and closes the store.
 *
 * @returns whether all came to its end; otherwise something is left that keeps the process from ending by itself for a while
 */
export async function serve({ version, environment, stopped, log }: ServeOptions): Promise<boolean> {
  requireAuthDecision(environment);
  let isOpen = false;
  // Nothing is half done: a database is migrated as a whole or not at all.
  void stopped.then(() => isOpen || process.exit(0));
  const stopping = new AbortController();
  const isStopping = (): boolean => stopping.signal.aborted;
  const faults = createFaultLog(log);
  const auth = await openAuth(environment, (line) => log.warn(line));
  const telemetry = await openTelemetry(environment, version, log);

  const service = Promise.withResolvers<Service>();
  const app = createApp({
    service: service.promise,
    allowedHosts: allowedHosts(environment),
    allowedOrigins: environment.ALLOWED_ORIGINS,
    localOriginHosts: localOriginHosts(environment),
    auth,
    isStopping,
    onError: faults.report,
    onRefusal: ({ status, message }, request) =>
      faults.report(new ContextStoreError(refusalCodes[status], `Refused a credential: ${message}`), request),
  });
  const server = await openHttpServer({
    fetch: app.fetch,
    host: environment.HOST,
    port: environment.PORT,
    isStopping,
    telemetry: telemetry.httpTelemetry,
    maxConnections: connectionsWithin(environment),
    log: (line) => log.warn(line),
  });

  const contextStore = await openStore(environment, telemetry, log);
  isOpen = true;
  const rateLimiter = await openRateLimiter(environment, log);
  const onError: OnError = (error, { request, ...call }) =>
    faults.report(error, { ...call, traceId: telemetry.traceIdOf(request) });
  const handler = createMcpHttpHandler({
    contextStore,
    version,
    caller: auth && callerOf,
    stopping: stopping.signal,
    telemetry: telemetry.telemetry,
    onError,
    onCall: log.isLevelEnabled('debug')
      ? ({ request, ...call }) => log.debug({ ...call, traceId: telemetry.traceIdOf(request) }, 'Call')
      : undefined,
  });
  const serveMessage = serveMessageWith(environment, { handler, telemetry, onError, rateLimiter });
  service.resolve({ contextStore, serveMessage });
  announce({ version, environment, log }, { url: `${server.url}/mcp`, auth, metricsUrl: telemetry.metricsUrl });

  log.info({ signal: await stopped }, 'Stopping: what is in flight is answered first');
  stopping.abort();
  await delay(environment.DRAIN_DELAY_SECONDS * 1000);
  setTimeout(() => endAnyway(log, faults), exitAfterMs).unref();
  await drain(server, { contextStore, handler });
  await rateLimiter?.close();
  const isSent = await telemetry.close();
  faults.close();
  log.info('Stopped');
  return isSent;
}

function openStore(environment: HttpEnvironment, { telemetry }: OpenedTelemetry, log: Logger): Promise<ContextStore> {
  const callTimeoutMs = environment.REQUEST_TIMEOUT_SECONDS * 1000;
  // The database should work no longer on what nobody waits for any more.
  const statementTimeoutMs = Math.min(environment.DATABASE_STATEMENT_TIMEOUT_MS, callTimeoutMs);
  const options = contextStoreOptions(environment);
  const postgres = { ...options.postgres, statementTimeoutMs };
  return openContextStore({ ...logDatabase(logRedis({ ...options, postgres }, log), log), callTimeoutMs, telemetry });
}

interface MessageParts {
  readonly handler: McpHttpHandler;
  readonly telemetry: OpenedTelemetry;
  readonly onError: OnError;
  readonly rateLimiter: RateLimiter | undefined;
}

const serveMessageWith = (
  environment: HttpEnvironment,
  { handler, telemetry, onError, rateLimiter }: MessageParts,
): ServeMessage =>
  createMessageServer({
    handler,
    telemetry: telemetry.telemetry ?? noTelemetry,
    httpTelemetry: telemetry.httpTelemetry,
    onError,
    maxRequestBytes: maxMessageBytes(environment.MAX_CONTENT_BYTES),
    maxConcurrentCalls: environment.MAX_CONCURRENT_CALLS,
    maxQueuedCalls: environment.MAX_QUEUED_CALLS,
    // Those that wait leave connections to the others.
    maxWaitingCalls: Math.min(environment.MAX_WAITING_CALLS, Math.floor(connectionsWithin(environment) / 2)),
    maxAnsweringMs: environment.REQUEST_TIMEOUT_SECONDS * 1000 + readAnswerWithinMs,
    rateLimiter,
  });

interface Started {
  /** Of the MCP endpoint. */
  readonly url: string;
  readonly auth: Auth | undefined;
  readonly metricsUrl: string | undefined;
}

/** Says what runs and what it is connected to: in the log, and on a terminal what to do with it. */
function announce(
  { version, environment, log }: Omit<ServeOptions, 'stopped'>,
  { url, auth, metricsUrl }: Started,
): void {
  const { CONTEXT_NAMESPACE: namespace, REDIS_URL: redisUrl } = environment;
  const location = databaseLocation(environment.DATABASE_URL);
  const needsApiKey = auth !== undefined && auth.metadata === undefined;
  if (process.stdout.isTTY) {
    const clientUrl = publicUrl(environment)?.href ?? url;
    process.stdout.write(welcomeText({ version, url, publicUrl: clientUrl, needsApiKey, location, namespace }));
  }
  const ready = {
    version,
    node: process.version,
    url,
    database: describeLocation(location),
    redis: redisUrl && new URL(redisUrl).host,
    metrics: metricsUrl,
    auth: describeAuth(environment),
  };
  log.info(ready, 'Ready');
}

function describeAuth({ AUTH_ISSUER: issuer, API_KEYS_FILE: keysFile, AUTH_MODE: mode }: HttpEnvironment): string {
  const kinds = [
    ...(issuer === undefined ? [] : [`tokens of ${issuer}`]),
    ...(keysFile === undefined ? [] : ['API keys']),
  ];
  return kinds.length > 0 ? kinds.join(', ') : (mode ?? 'none, loopback alone');
}

/** Finishes what is in flight, or sees to it that it is answered in time. */
async function drain(
  server: HttpServer,
  { contextStore, handler }: { readonly contextStore: ContextStore; readonly handler: McpHttpHandler },
): Promise<void> {
  const drained = server.drain(cutAfterMs);
  await within(drained, finishWithinMs);
  await Promise.all([contextStore.close(1000), drained]);
  await handler.close();
}

function endAnyway(log: Logger, faults: FaultLog): never {
  faults.close();
  log.warn('Stopped, though something did not come to its end in time');
  process.exit(0);
}
