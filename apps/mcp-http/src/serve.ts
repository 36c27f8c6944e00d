import { ContextStoreError, noTelemetry, type ContextStore } from '@org/context-store';
import { logDatabase, logRedis } from '@org/context-store/command';
import { contextStoreOptions, openConfiguredStore } from '@org/context-store/environment';
import { createCallLog, createFaultLog, logsCalls, type CallLogOptions, type Logger } from '@org/logger-pino';
import { createMcpHttpHandler, maxMessageBytes, type McpHttpHandler, type OnCall, type OnError } from '@org/mcp';
import { createApp, type Service } from './app.js';
import { callerOf } from './auth/auth-info.js';
import type { CredentialError } from './auth/credential-error.js';
import { openAuth } from './auth/open-auth.js';
import { allowedHosts, localOriginHosts, requireAuthDecision, type HttpEnvironment } from './environment.js';
import { openHttpServer } from './http/http-server.js';
import { createMessageServer, type ServeMessage } from './http/serve-message.js';
import { announce } from './lifecycle/announce.js';
import { stop } from './lifecycle/stop.js';
import { maxConnections } from './limits/max-connections.js';
import { openRateLimiter } from './limits/open-rate-limiter.js';
import type { RateLimiter } from './limits/rate-limiter.js';
import { openTelemetry, type OpenedTelemetry } from './telemetry/open-telemetry.js';

export interface ServeOptions {
  readonly version: string;
  readonly environment: HttpEnvironment;
  /** Resolves with the first stop signal. */
  readonly stopped: Promise<NodeJS.Signals>;
  readonly log: Logger;
}

/** How long a client may take to read an answer, after the time that the call may take. */
const readAnswerWithinMs = 60_000;

/** The error in the log for a credential that gives no access. */
function refusalError({ status, message }: CredentialError): ContextStoreError {
  const text = `Refused a credential: ${message}`;
  if (status === 503) return new ContextStoreError('STORE_UNAVAILABLE', text, { written: 'no' });
  return new ContextStoreError(status === 401 ? 'UNAUTHORIZED' : 'FORBIDDEN', text);
}

/**
 * Serves until a stop signal arrives, then stops: see `stop`.
 *
 * @returns true if everything has ended; otherwise something keeps the process alive for some time
 */
export async function serve({ version, environment, stopped, log }: ServeOptions): Promise<boolean> {
  requireAuthDecision(environment);
  let isOpen = false;
  // Exiting during a migration is safe: it is one transaction.
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
    onRefusal: (reason, request) => faults.report(refusalError(reason), request),
  });
  // The server listens before its database is open, so that probes learn that it is starting.
  const server = await openHttpServer({
    fetch: app.fetch,
    host: environment.HOST,
    port: environment.PORT,
    isStopping,
    telemetry: telemetry.httpTelemetry,
    maxConnections: maxConnections(environment),
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
    onCall: logCalls(environment, telemetry, log),
  });
  service.resolve({
    contextStore,
    serveMessage: serveMessageWith(environment, { handler, telemetry, rateLimiter }),
  });
  announce({ version, environment, url: `${server.url}/mcp`, auth, metricsUrl: telemetry.metricsUrl }, log);

  log.info({ signal: await stopped }, 'Stopping: what is in flight is answered first');
  const running = { stopping, server, contextStore, handler, rateLimiter, telemetry, faults, log };
  return stop(running, environment.DRAIN_DELAY_SECONDS * 1000);
}

function openStore(environment: HttpEnvironment, { telemetry }: OpenedTelemetry, log: Logger): Promise<ContextStore> {
  const callTimeoutMs = environment.REQUEST_TIMEOUT_SECONDS * 1000;
  // A statement must not run longer than the call that waits for it.
  const statementTimeoutMs = Math.min(environment.DATABASE_STATEMENT_TIMEOUT_MS, callTimeoutMs);
  const options = contextStoreOptions(environment);
  const postgres = { ...options.postgres, statementTimeoutMs };
  return openConfiguredStore({
    ...logDatabase(logRedis({ ...options, postgres }, log), log),
    callTimeoutMs,
    telemetry,
  });
}

/** Returns undefined if no call has a line in the log. */
function logCalls(environment: HttpEnvironment, { traceIdOf }: OpenedTelemetry, log: Logger): OnCall | undefined {
  const options: CallLogOptions = {
    audits: environment.AUDIT_LOG,
    sample: environment.AUDIT_SAMPLE,
    namespace: environment.CONTEXT_NAMESPACE,
    issuer: environment.AUTH_ISSUER,
  };
  if (!logsCalls(options, log.level)) return undefined;
  const logCall = createCallLog(log, options);
  return ({ request, ...call }) => logCall({ ...call, traceId: traceIdOf(request) });
}

interface MessageParts {
  readonly handler: McpHttpHandler;
  readonly telemetry: OpenedTelemetry;
  readonly rateLimiter: RateLimiter | undefined;
}

const serveMessageWith = (
  environment: HttpEnvironment,
  { handler, telemetry, rateLimiter }: MessageParts,
): ServeMessage =>
  createMessageServer({
    handler,
    telemetry: telemetry.telemetry ?? noTelemetry,
    httpTelemetry: telemetry.httpTelemetry,
    maxRequestBytes: maxMessageBytes(environment.MAX_CONTENT_BYTES),
    maxConcurrentCalls: environment.MAX_CONCURRENT_CALLS,
    maxQueuedCalls: environment.MAX_QUEUED_CALLS,
    // Half of the connections stay free for calls that do not wait.
    maxWaitingCalls: Math.min(environment.MAX_WAITING_CALLS, Math.floor(maxConnections(environment) / 2)),
    maxAnsweringMs: environment.REQUEST_TIMEOUT_SECONDS * 1000 + readAnswerWithinMs,
    rateLimiter,
  });
