import { randomUUID } from 'node:crypto';
import {
  createMcpHandler,
  ProtocolError,
  type AuthInfo,
  type JSONRPCErrorResponse,
  type McpHandlerRequestOptions,
  type McpRequestContext,
  type McpServerFactory,
  type RequestId,
} from '@modelcontextprotocol/server';
import type { ContextStoreError, ErrorCode, MeasuredCall, RequestCaller } from '@org/domain';
import { createMcpServerFactory, type McpServerFactoryOptions } from '../create-mcp-server-factory.js';
import { finishedCall, subjectOfMessage } from '../finished-call.js';
import { isModern, type Message } from '../messages/message.js';
import { refuseParams } from '../messages/refuse-params.js';
import { createResources } from '../resources/resources.js';
import { serverInfoOf } from '../server-options.js';
import { interestsOf } from '../subscriptions/interests.js';
import { createResourceChanges, type ResourceChanges } from '../subscriptions/resource-changes.js';
import { projectInRequest } from '../projects/project-in-request.js';
import { createToolCaller } from '../tools/create-tool-caller.js';
import { boundedStream, type BoundedStreamOptions } from './bounded-stream.js';
import { ChangeBus } from './change-bus.js';
import { clientNameIn, sessionIdFor, sessionIdHeader } from './client-session.js';
import { namedAgentOf, refuseNamedAgent } from './named-agent.js';
import { createPlainCallServer } from './plain-call.js';
import { refuseMessage } from './refuse-message.js';
import { refuseScope } from './refuse-scope.js';

export interface McpHttpHandlerOptions extends Omit<McpServerFactoryOptions, 'resourceChanges' | 'rememberEpochs'> {
  /** See `createResourceChanges`. */
  readonly gatherMs?: number | undefined;
}

export interface McpHttpRequestOptions extends Pick<McpHandlerRequestOptions, 'authInfo'> {
  /** The message of a POST. The caller has read the body and limited its size, so the handler never reads it. */
  readonly message?: Message | undefined;
  /** Identifies the request in errors and in the log. */
  readonly requestId?: string | undefined;
  /** Closes the connection of a client that listens but does not read. Default: its stream fails. */
  readonly disconnect?: (() => void) | undefined;
}

/** A request that is refused without being served. */
export interface RefusedHttpRequest extends McpHttpRequestOptions {
  /** The tool call, as it was measured: its trace is found by the same object. Undefined for other messages. */
  readonly call?: MeasuredCall | undefined;
  readonly requestId: string;
}

export interface McpHttpHandler {
  /**
   * Serves one request. With `authInfo`, a message is refused unless the scopes cover it (see `scopes`), and a subscription
   * ends when the credential expires.
   *
   * @throws TypeError for a POST without `message`
   */
  readonly fetch: (request: Request, options?: McpHttpRequestOptions) => Promise<Response>;
  /**
   * Answers a request with RATE_LIMITED or OVERLOADED, without serving it; see `refuseMessage`.
   *
   * @param given its message is undefined if it was not read
   */
  readonly refuse: (request: Request, error: ContextStoreError, given: RefusedHttpRequest) => Response;
  /** Ends all calls that are in progress. To be called after the last answer. */
  readonly close: () => Promise<void>;
}

/**
 * Serves MCP over HTTP in both protocol eras, without sessions between requests. When `stopping` aborts, waiting calls are
 * answered and subscriptions end. Other calls are still served.
 */
export function createMcpHttpHandler(options: McpHttpHandlerOptions): McpHttpHandler {
  const { contextStore, onError, gatherMs } = options;
  const resources = createResources(contextStore, onError);
  const resourceChanges = createResourceChanges({ contextStore, resources, gatherMs });
  const namingCaller = withNames(options.caller);
  const callerOf = withRequestId(namingCaller);
  const factory = createMcpServerFactory({ ...options, caller: callerOf, resourceChanges });
  const handler = serveOverHttp(factory, { ...options, caller: callerOf, resourceChanges });
  const servePlainCall = createPlainCallServer({
    callTool: createToolCaller(options),
    caller: namingCaller,
    serverInfo: serverInfoOf(options.version),
  });
  const reportRefusal = createRefusalReport(options, namingCaller);
  return {
    ...handler,
    async fetch(request, given = {}) {
      const { message, authInfo } = given;
      const scopeRefusal = message && authInfo && refuseScope(message, authInfo);
      const refusal = scopeRefusal ?? (message && refuseNamedAgent(request, message));
      if (refusal !== undefined) {
        reportRefusal(request, given, scopeRefusal === undefined ? 'VALIDATION_ERROR' : 'FORBIDDEN');
        return refusal;
      }
      return servePlainCall(request, message, given) ?? handler.fetch(request, given);
    },
    refuse(request, error, given) {
      const { message, requestId, call } = given;
      reportRefusal(request, given, error.code);
      return refuseMessage(message, error, { requestId, ...call }, onError);
    },
  };
}

type ReportRefusal = (
  request: Request,
  given: McpHttpRequestOptions & Pick<RefusedHttpRequest, 'call'>,
  outcome: ErrorCode,
) => void;

/** Reports messages that are refused before a server handles them. */
function createRefusalReport({ contextStore, onCall }: McpHttpHandlerOptions, callerOf: CallerOf): ReportRefusal {
  return (requestInfo, { message, authInfo, requestId = randomUUID(), call }, outcome) => {
    if (onCall === undefined || message === undefined) return;
    const subject = subjectOfMessage(message);
    if (subject === undefined) return;
    const known = callerOf({ era: 'modern', requestInfo, ...(authInfo && { authInfo }) });
    const clientName = clientNameIn(requestInfo);
    const caller = { clientName, ...known, requestId, request: call?.request };
    onCall(finishedCall(contextStore, subject, caller, { outcome }));
  };
}

/** Whether the SDK may answer an `initialize` with 404, because the modern era has none. Its parameters do not matter then. */
const mayBeModernInitialize = ({ kind, body }: Message): boolean =>
  kind === 'request' && body.method === 'initialize' && isModern(body);

/** Adds the session id to the answer to `initialize` of the legacy era. Later requests name the client by it. */
function withSessionId(response: Response, message: Message): Response {
  const sessionId = sessionIdFor(message);
  if (sessionId !== undefined && response.ok) response.headers.set(sessionIdHeader, sessionId);
  return response;
}

/** The SDK passes the request and its credential to the server, and nothing else. */
const requestIds = new WeakMap<Request, string>();

function rememberId(request: Request, requestId: string | undefined): void {
  if (requestId !== undefined) requestIds.set(request, requestId);
}

type CallerOf = (context: McpRequestContext) => RequestCaller;

/** Adds the agent and the project that the request names. Requests with a malformed agent are refused before. */
export const withNames =
  (callerOf: McpHttpHandlerOptions['caller']): CallerOf =>
  (context) => {
    const connectionAgent = context.requestInfo && namedAgentOf(context.requestInfo);
    const project = projectInRequest(context.requestInfo);
    return {
      ...(connectionAgent !== undefined && { connectionAgent }),
      ...(project !== undefined && { project }),
      ...callerOf?.(context),
    };
  };

const withRequestId =
  (callerOf: CallerOf): CallerOf =>
  (context) => ({
    ...(context.requestInfo && { requestId: requestIds.get(context.requestInfo) }),
    ...callerOf(context),
  });

export interface ServeOverHttpOptions extends Pick<McpHttpHandlerOptions, 'stopping' | 'caller'> {
  readonly resourceChanges: ResourceChanges;
}

/** Serves the factory's servers, and subscriptions to `resourceChanges`; see `createMcpHttpHandler`. */
export function serveOverHttp(
  factory: McpServerFactory,
  { resourceChanges, stopping, caller: callerOf }: ServeOverHttpOptions,
): Omit<McpHttpHandler, 'refuse'> {
  const bus = new ChangeBus(resourceChanges);
  const calls = createMcpHandler(factory, { legacy: 'stateless' });
  // With a separate handler, subscriptions can end properly while calls go on. The caller of `fetch` limits their number.
  const subscriptions = createMcpHandler(factory, { legacy: 'reject', bus, maxSubscriptions: Infinity });
  stopping?.addEventListener('abort', () => void subscriptions.close());

  return {
    async fetch(request, { message, disconnect, authInfo, requestId } = {}) {
      rememberId(request, requestId);
      const auth = authInfo && { authInfo };
      if (message === undefined) {
        if (request.method === 'POST') throw new TypeError('a POST needs its message');
        return calls.fetch(request, { ...auth });
      }
      const refusal = refuseParams(message);
      if (refusal !== undefined && !mayBeModernInitialize(message)) return Response.json(refusal);
      const given = { parsedBody: message.body, ...auth };
      if (message.kind !== 'listen') {
        const response = await calls.fetch(request, given);
        // The SDK serves the request as a legacy one if its claim of the modern era is malformed.
        if (refusal !== undefined && response.ok) {
          await response.body?.cancel();
          return Response.json(refusal);
        }
        return withSessionId(response, message);
      }
      const caller = callerOf?.({ era: 'modern', requestInfo: request, ...auth }) ?? {};
      const watcher = { ...caller, signal: request.signal, stopping };
      const { id } = message.body;
      const serve = async (): Promise<Response> =>
        // After `close`, `fetch` would throw.
        stopping?.aborted === true
          ? Response.json(stoppingAnswer(id), { status: 503 })
          : subscriptions.fetch(request, given);
      const response = await bus.watching(interestsOf(message.body.params), watcher, serve).catch(answerWith(id));
      const isStream = response.headers.get('content-type')?.startsWith('text/event-stream') === true;
      return response.body === null || !isStream
        ? response
        : new Response(boundedStream(response.body, { ...streamLimits(authInfo), disconnect }), response);
    },
    close: () => calls.close(),
  };
}

/** Maximum number of unread bytes on a stream of changes: thousands of notifications. */
const maxUnreadBytes = 256 * 1024;
/** With a credential, a stream lasts at most a day, however long the credential is valid: timers are limited to 24 days. */
const maxStreamMs = 24 * 3_600_000;

/** A stream ends with the credential, so that the client must send a valid one again. */
function streamLimits(authInfo: AuthInfo | undefined): BoundedStreamOptions {
  const { expiresAt } = authInfo ?? {};
  if (expiresAt === undefined) return { maxBytes: maxUnreadBytes };
  return { maxBytes: maxUnreadBytes, maxMs: Math.min(Math.max(0, expiresAt * 1000 - Date.now()), maxStreamMs) };
}

/** Answers a subscription that cannot be watched, because its caller's project is malformed. */
const answerWith =
  (id: RequestId) =>
  (error: unknown): Response => {
    if (!(error instanceof ProtocolError)) throw error;
    const { code, message, data } = error;
    return Response.json({ jsonrpc: '2.0', id, error: { code, message, data } });
  };

const stoppingAnswer = (id: RequestId): JSONRPCErrorResponse => ({
  jsonrpc: '2.0',
  id,
  error: { code: -32_000, message: 'The server is stopping. Listen again in a moment.' },
});
