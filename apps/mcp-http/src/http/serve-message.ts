import type { ServerResponse } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import type { AuthInfo } from '@modelcontextprotocol/server';
import { ContextStoreError, type Telemetry } from '@org/context-store';
import {
  asksToWait,
  isListenRequest,
  refuseMessage,
  toolCallOf,
  waitMsOf,
  type McpHttpHandler,
  type OnError,
} from '@org/mcp';
import type { HttpTelemetry, RefusalReason } from '@org/telemetry-otel';
import { nameAnswerTypes } from './accept.js';
import { BodyMemory } from '../limits/body-memory.js';
import { CallSlots } from '../limits/call-slots.js';
import type { ServerBindings } from './http-server.js';
import { readJsonRpcRequest, refusalResponse } from './read-request.js';
import type { RateLimiter } from '../limits/rate-limiter.js';

export interface MessageLimits {
  /** The largest message. */
  readonly maxRequestBytes: number;
  /** How many calls may be under way at once. */
  readonly maxConcurrentCalls: number;
  /** How many more may wait for their turn. */
  readonly maxQueuedCalls: number;
  /** How many calls and streams may wait for something to happen, besides the others. */
  readonly maxWaitingCalls: number;
  /**
   * How long a call may be under way, in milliseconds, besides what it asked to wait, until its answer was taken, be it a
   * refusal: then its connection is cut, whoever reads slowly or not at all. Absent: for ever.
   */
  readonly maxAnsweringMs?: number | undefined;
  /** Absent: every caller may call as often as it likes. */
  readonly rateLimiter?: Pick<RateLimiter, 'count'> | undefined;
}

export interface MessageServerOptions extends MessageLimits {
  readonly handler: Pick<McpHttpHandler, 'fetch'>;
  /** Is told of calls of tools that are refused here; the others are measured behind. */
  readonly telemetry: Pick<Telemetry, 'measure'>;
  /** Is told of how many requests are open. */
  readonly httpTelemetry?: Pick<HttpTelemetry, 'observeRequests'> | undefined;
  /** Hears of what is OVERLOADED. */
  readonly onError?: OnError | undefined;
  /**
   * How long a refusal is held back, in milliseconds. Default one second. Callers that come back at once would otherwise
   * take the time of those that are served: refusing is cheap, but ten times as many refusals are not.
   */
  readonly refusalDelayMs?: number | undefined;
}

export interface MessageCaller {
  /** Those with the same one share a rate limit, and what one caller may take of the server. */
  readonly id: string;
  /** Absent: nobody was asked for credentials. */
  readonly authInfo?: AuthInfo | undefined;
}

/** Serves one request of the MCP endpoint. */
export type ServeMessage = (request: Request, bindings: ServerBindings, caller: MessageCaller) => Promise<Response>;

/** Whoever has not had a turn by then is better served by trying again than by waiting on. */
const maxQueuedMs = 5000;
/**
 * What the bodies of all calls may take together: so many of the largest, or this. Their contents lie in the heap until they
 * are answered, at two bytes a character where one is not Latin-1; while the database stalls, they are all there.
 */
const largestBodies = 8;
const leastBodyMemoryBytes = 64 * 1024 * 1024;
/** nginx's status for a client that is gone, as the SDK's. Nobody reads it. */
const clientGone = 499;

/** Puts the limits in front of the MCP handler: what is beyond them is answered without much work, and is not served. */
export function createMessageServer(options: MessageServerOptions): ServeMessage {
  const { handler, telemetry, onError, rateLimiter, maxRequestBytes, maxWaitingCalls, maxAnsweringMs } = options;
  const slots = new CallSlots({ size: options.maxConcurrentCalls, maxQueued: options.maxQueuedCalls, maxQueuedMs });
  const waiting = new CallSlots({ size: maxWaitingCalls, maxQueued: 0, maxQueuedMs });
  const bodyMemory = new BodyMemory(Math.max(largestBodies * maxRequestBytes, leastBodyMemoryBytes));
  let listening = 0;
  options.httpTelemetry?.observeRequests(() => ({
    served: slots.taken,
    queued: slots.queued,
    waiting: waiting.taken - listening,
    listening,
  }));

  async function findRefusal(
    message: unknown,
    caller: string,
    outgoing: ServerResponse,
    retryAfterMs: number | undefined,
  ): Promise<ContextStoreError | undefined> {
    if (retryAfterMs !== undefined) return rateLimited(retryAfterMs);
    const waits = asksToWait(message);
    if (!(await (waits ? waiting : slots).enter(caller, outgoing)))
      return outgoing.destroyed ? cancelled() : overloaded();
    if (waits && isListenRequest(message)) {
      listening += 1;
      outgoing.once('close', () => (listening -= 1));
    } else if (maxAnsweringMs !== undefined) {
      cutAfter(maxAnsweringMs + waitMsOf(message), outgoing);
    }
    return undefined;
  }

  return async (request, bindings, { id, authInfo }) => {
    const { incoming, outgoing, requestId, countRefusal } = bindings;
    const context = { requestId, disconnect: () => outgoing.destroy(), ...(authInfo && { authInfo }) };
    // A client that would open a stream of its own learns that there is none: that is no refusal.
    if (request.method !== 'POST') return handler.fetch(request, context);
    const retryAfterMs = await rateLimiter?.count(id);
    const memory = bodyMemory.open(id, outgoing);
    const read = await readJsonRpcRequest(incoming, { maxBytes: maxRequestBytes, hasRoom: memory.hasRoom });
    if (!('body' in read) && outgoing.destroyed) return new Response(null, { status: clientGone });
    if ('refusal' in read) return refusalResponse(read.refusal, bindings);
    if ('error' in read) {
      countRefusal(503, 'overloaded');
      return holdBack(refuseMessage(undefined, read.error, { requestId }, onError), outgoing, options);
    }
    const refusal = await findRefusal(read.body, id, outgoing, retryAfterMs);
    if (refusal === undefined) {
      nameAnswerTypes(request);
      const response = await handler.fetch(request, { parsedBody: read.body, ...context });
      if (response.status >= 400) countHandlersRefusal(response, bindings);
      return response;
    }
    const call = toolCallOf(read.body);
    // A refused call of a tool is one that failed.
    if (call !== undefined) await telemetry.measure(call, () => Promise.reject(refusal)).catch(() => undefined);
    if (refusal.code === 'CANCELLED') return new Response(null, { status: clientGone });
    const response = refuseMessage(read.body, refusal, { requestId, ...call }, onError);
    // Calls of tools are answered with status 200, also where there is no such tool.
    if (response.status >= 400)
      countRefusal(response.status, refusal.code === 'RATE_LIMITED' ? 'rate_limited' : 'overloaded');
    memory.release();
    // Not awaited here, where the message would be kept for as long.
    return holdBack(response, outgoing, options);
  };
}

/** The handler tells why by the status alone. */
function countHandlersRefusal({ status }: Response, { countRefusal }: ServerBindings): void {
  if (status !== clientGone) countRefusal(status, handlersReasons[status] ?? 'protocol');
}

const handlersReasons: Readonly<Record<number, RefusalReason>> = { 403: 'scope', 500: 'defect', 503: 'stopping' };

function holdBack(
  refusal: Response,
  outgoing: ServerResponse,
  { refusalDelayMs = 1000, maxAnsweringMs }: Pick<MessageServerOptions, 'refusalDelayMs' | 'maxAnsweringMs'>,
): Promise<Response> {
  if (maxAnsweringMs !== undefined) cutAfter(maxAnsweringMs, outgoing);
  return sleep(refusalDelayMs, refusal);
}

function cutAfter(ms: number, outgoing: ServerResponse): void {
  const timer = setTimeout(() => outgoing.destroy(), ms).unref();
  outgoing.once('close', () => clearTimeout(timer));
}

function rateLimited(retryAfterMs: number): ContextStoreError {
  const message = `Too many calls from this caller. Nothing was done; wait ${inSeconds(retryAfterMs)}, then send the same call again.`;
  return new ContextStoreError('RATE_LIMITED', message, { retryAfterMs });
}

const cancelled = (): ContextStoreError =>
  new ContextStoreError('CANCELLED', 'The client left while its call waited for a turn.');

function overloaded(): ContextStoreError {
  // Those that are refused together should not come back together.
  const retryAfterMs = Math.round(1000 + Math.random() * 1000);
  const message = `The server is busy with other calls. Nothing was done; wait ${inSeconds(retryAfterMs)}, then send the same call again.`;
  return new ContextStoreError('OVERLOADED', message, { retryAfterMs });
}

const inSeconds = (ms: number): string => `${Math.ceil(ms / 1000)} s`;
