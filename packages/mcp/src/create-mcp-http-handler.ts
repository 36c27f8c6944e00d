import { AsyncLocalStorage } from 'node:async_hooks';
import {
  createMcpHandler,
  type AuthInfo,
  type JSONRPCErrorResponse,
  type McpHandlerRequestOptions,
  type McpRequestContext,
  type McpServerFactory,
  type RequestId,
  type ServerEvent,
  type ServerEventBus,
} from '@modelcontextprotocol/server';
import type { Caller } from '@org/domain';
import { boundedStream, type BoundedStreamOptions } from './bounded-stream.js';
import { sessionIdFor, sessionIdHeader } from './client-session.js';
import {
  createMcpServerFactory,
  createObservedToolCaller,
  serverInfoOf,
  type McpServerFactoryOptions,
} from './create-mcp-server-factory.js';
import { interestsOf, refuseListening } from './listen-request.js';
import type { Message } from './message.js';
import {
  createResourceChanges,
  type Interests,
  type ResourceChange,
  type ResourceChanges,
} from './resource-changes.js';
import { createPlainCallServer } from './plain-call.js';
import { createResources } from './resources.js';
import { refuseParams } from './refuse-params.js';
import { refuseScope } from './refuse-scope.js';

export interface McpHttpHandlerOptions extends Omit<McpServerFactoryOptions, 'resourceChanges' | 'rememberEpochs'> {
  /** See `createResourceChanges`. */
  readonly gatherMs?: number | undefined;
}

export interface McpHttpRequestOptions extends Pick<McpHandlerRequestOptions, 'authInfo'> {
  /** The message of a POST. The body was read and bounded before, so the handler never reads it. */
  readonly message?: Message | undefined;
  /** Names the request in errors and in the log. */
  readonly requestId?: string | undefined;
  /** Ends the client's connection, when it listens and does not read. Absent: its stream fails. */
  readonly disconnect?: (() => void) | undefined;
}

export interface McpHttpHandler {
  /**
   * Serves one request. With `authInfo`, a message is served if its scopes cover it (see `scopes`), and a subscription lasts
   * no longer than the credential.
   *
   * @throws TypeError for a POST without `message`
   */
  readonly fetch: (request: Request, options?: McpHttpRequestOptions) => Promise<Response>;
  /** Ends what is still under way; call it when nothing is left to answer. */
  readonly close: () => Promise<void>;
}

/**
 * Serves MCP over HTTP, to both protocol eras, without a session between requests. When `stopping` aborts, waiting calls
 * are answered and subscriptions end; other calls are served on.
 */
export function createMcpHttpHandler(options: McpHttpHandlerOptions): McpHttpHandler {
  const { contextStore, onError, gatherMs } = options;
  const resources = createResources(contextStore, onError);
  const resourceChanges = createResourceChanges({ contextStore, resources, gatherMs });
  const callerOf = withRequestId(options.caller);
  const factory = createMcpServerFactory({ ...options, caller: callerOf, resourceChanges });
  const handler = serveOverHttp(factory, { ...options, caller: callerOf, resourceChanges });
  const servePlainCall = createPlainCallServer({
    callTool: createObservedToolCaller(options),
    caller: options.caller,
    serverInfo: serverInfoOf(options.version),
  });
  return {
    ...handler,
    async fetch(request, given = {}) {
      const { message, authInfo } = given;
      const lacking = message && authInfo && refuseScope(message, authInfo);
      return lacking ?? servePlainCall(request, message, given) ?? handler.fetch(request, given);
    },
  };
}

/** Gives a client of the legacy era the id by which its next requests tell who it is. */
function withSessionId(response: Response, message: Message): Response {
  const sessionId = sessionIdFor(message);
  if (sessionId !== undefined && response.ok) response.headers.set(sessionIdHeader, sessionId);
  return response;
}

/** The SDK hands on the request itself, and nothing beside it but who calls. */
const requestIds = new WeakMap<Request, string>();

function rememberId(request: Request, requestId: string | undefined): void {
  if (requestId !== undefined) requestIds.set(request, requestId);
}

const withRequestId =
  (callerOf: McpHttpHandlerOptions['caller']) =>
  (context: McpRequestContext): Caller => ({
    ...(context.requestInfo && { requestId: requestIds.get(context.requestInfo) }),
    ...callerOf?.(context),
  });

export interface ServeOverHttpOptions extends Pick<McpHttpHandlerOptions, 'stopping' | 'caller'> {
  readonly resourceChanges: ResourceChanges;
}

/** Serves what the factory makes, which offers subscriptions to `resourceChanges`; see `createMcpHttpHandler`. */
export function serveOverHttp(
  factory: McpServerFactory,
  { resourceChanges, stopping, caller: callerOf }: ServeOverHttpOptions,
): McpHttpHandler {
  const bus = new ChangeBus(resourceChanges);
  const calls = createMcpHandler(factory, { legacy: 'stateless' });
  // A handler of their own lets subscriptions end, with a proper last word, before the calls do. Whoever serves requests
  // bounds how many there may be.
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
      const refusal = refuseParams(message) ?? refuseListening(message);
      if (refusal !== undefined) return Response.json(refusal);
      const given = { parsedBody: message.body, ...auth };
      if (message.kind !== 'listen') return withSessionId(await calls.fetch(request, given), message);
      const caller = callerOf?.({ era: 'modern', requestInfo: request, ...auth }) ?? {};
      const watcher = { ...caller, signal: request.signal, stopping };
      const response = await bus.watching(interestsOf(message.body.params), watcher, async () =>
        // Once they are closed, it would be a defect to ask for one.
        stopping?.aborted === true
          ? Response.json(stoppingAnswer(message.body.id), { status: 503 })
          : subscriptions.fetch(request, given),
      );
      const isStream = response.headers.get('content-type')?.startsWith('text/event-stream') === true;
      return response.body === null || !isStream
        ? response
        : new Response(boundedStream(response.body, { ...streamLimits(authInfo), disconnect }), response);
    },
    close: () => calls.close(),
  };
}

/** What a client may leave unread of a stream of changes: thousands of them. */
const maxUnreadBytes = 256 * 1024;
/** A stream that lasts longer gains nothing, and timers cannot wait for more than 24 days. */
const longestStreamMs = 24 * 3_600_000;

/** How much a client may leave unread, and how long it takes until it must show its credential again. */
function streamLimits(authInfo: AuthInfo | undefined): BoundedStreamOptions {
  const { expiresAt } = authInfo ?? {};
  if (expiresAt === undefined) return { maxBytes: maxUnreadBytes };
  return { maxBytes: maxUnreadBytes, maxMs: Math.min(Math.max(0, expiresAt * 1000 - Date.now()), longestStreamMs) };
}

const stoppingAnswer = (id: RequestId): JSONRPCErrorResponse => ({
  jsonrpc: '2.0',
  id,
  error: { code: -32_000, message: 'The server is stopping. Listen again in a moment.' },
});

/** What a subscription that is being set up hears. */
interface Hearing {
  listener?: (event: ServerEvent) => void;
}

/**
 * The SDK gives every subscription every event of its bus, and filters by what the client asked for alone. Here each one
 * has changes of its own, found by the asynchronous context in which the SDK serves its request.
 */
class ChangeBus implements ServerEventBus {
  readonly #changes: ResourceChanges;
  readonly #hearings = new AsyncLocalStorage<{ readonly hearing: Hearing; readonly stop: () => void }>();

  constructor(changes: ResourceChanges) {
    this.#changes = changes;
  }

  /** Serves a request to listen. @throws ProtocolError as `ResourceChanges.watch` does */
  async watching(interests: Interests, caller: Caller, serve: () => Promise<Response>): Promise<Response> {
    const hearing: Hearing = {};
    const stop = await this.#changes.watch(interests, caller, (change) => hearing.listener?.(eventOf(change)));
    try {
      return await this.#hearings.run({ hearing, stop }, serve);
    } finally {
      if (hearing.listener === undefined) stop();
    }
  }

  subscribe(listener: (event: ServerEvent) => void): () => void {
    const subscription = this.#hearings.getStore();
    if (subscription === undefined) return () => undefined;
    subscription.hearing.listener = listener;
    return subscription.stop;
  }

  /** Nothing is for everyone. */
  publish(): void {}
}

const eventOf = (change: ResourceChange): ServerEvent =>
  change === 'list' ? { kind: 'resources_list_changed' } : { kind: 'resource_updated', uri: change.uri };
