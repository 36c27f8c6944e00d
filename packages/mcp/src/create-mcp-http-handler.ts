import { AsyncLocalStorage } from 'node:async_hooks';
import {
  createMcpHandler,
  isJSONRPCRequest,
  type JSONRPCErrorResponse,
  type McpHandlerRequestOptions,
  type RequestId,
  type ServerEvent,
  type ServerEventBus,
} from '@modelcontextprotocol/server';
import type { Caller } from '@org/domain';
import { boundedStream } from './bounded-stream.js';
import { createMcpServerFactory, type McpServerFactoryOptions } from './create-mcp-server-factory.js';
import { interestsOf, listenMethod, refuseListening } from './listen-request.js';
import {
  createResourceChanges,
  type Interests,
  type ResourceChange,
  type ResourceChanges,
} from './resource-changes.js';
import { createResources } from './resources.js';

export interface McpHttpHandlerOptions extends Omit<McpServerFactoryOptions, 'resourceChanges' | 'rememberEpochs'> {
  /** See `createResourceChanges`. */
  readonly gatherMs?: number | undefined;
}

export interface McpHttpHandler {
  /** Serves one request. The body of a POST is given parsed, as `parsedBody`: whoever reads it bounds it. */
  readonly fetch: (request: Request, options?: McpHandlerRequestOptions) => Promise<Response>;
  /** Ends what is still under way; call it when nothing is left to answer. */
  readonly close: () => Promise<void>;
}

/** What a client may leave unread of a stream of changes: thousands of them. */
const maxUnreadBytes = 256 * 1024;

/**
 * Serves MCP over HTTP, to both protocol eras, without a session between requests. When `stopping` aborts, waiting calls
 * are answered and subscriptions end; other calls are served on.
 */
export function createMcpHttpHandler(options: McpHttpHandlerOptions): McpHttpHandler {
  const { contextStore, stopping, onError, caller: callerOf, gatherMs } = options;
  const resources = createResources(contextStore, onError);
  const resourceChanges = createResourceChanges({ contextStore, resources, gatherMs });
  const factory = createMcpServerFactory({ ...options, resourceChanges });
  const bus = new ChangeBus(resourceChanges);
  const calls = createMcpHandler(factory, { legacy: 'stateless' });
  // A handler of their own lets subscriptions end, with a proper last word, before the calls do.
  const subscriptions = createMcpHandler(factory, { legacy: 'reject', bus });
  stopping?.addEventListener('abort', () => void subscriptions.close());

  return {
    async fetch(request, given = {}) {
      const { parsedBody: message, authInfo } = given;
      if (!isJSONRPCRequest(message) || message.method !== listenMethod) return calls.fetch(request, given);
      const refusal = refuseListening(message);
      if (refusal !== undefined) return Response.json(refusal);
      if (stopping?.aborted === true) return Response.json(stoppingAnswer(message.id), { status: 503 });
      const caller = callerOf?.({ era: 'modern', requestInfo: request, ...(authInfo && { authInfo }) }) ?? {};
      const response = await bus.watching(interestsOf(message.params), caller, () =>
        subscriptions.fetch(request, given),
      );
      const isStream = response.headers.get('content-type')?.startsWith('text/event-stream') === true;
      return response.body === null || !isStream
        ? response
        : new Response(boundedStream(response.body, maxUnreadBytes), response);
    },
    close: () => calls.close(),
  };
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
