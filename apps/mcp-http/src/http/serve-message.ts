import type { ServerResponse } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import type { AuthInfo } from '@modelcontextprotocol/server';
import { ContextStoreError, type Telemetry } from '@org/context-store';
import { toolCallOf, waits, type McpHttpHandler, type Message } from '@org/mcp';
import type { HttpTelemetry, RefusalReason } from '@org/telemetry-otel';
import { BodyMemory } from '../limits/body-memory.js';
import { CallSlots } from '../limits/call-slots.js';
import type { RateLimiter } from '../limits/rate-limiter.js';
import { nameAnswerTypes } from './accept.js';
import type { ServerBindings } from './http-server.js';
import { readRequest } from './read-request.js';
import { refusalResponse } from './refusal.js';

export interface MessageLimits {
  /** The size of the largest message, in bytes. */
  readonly maxRequestBytes: number;
  /** Maximum number of calls under way. */
  readonly maxConcurrentCalls: number;
  /** Maximum number of calls that wait for one of these places. */
  readonly maxQueuedCalls: number;
  /** Maximum number of waiting calls and subscription streams, counted apart from `maxConcurrentCalls`. */
  readonly maxWaitingCalls: number;
  /**
   * How long a call may take until its client has read the answer, in milliseconds, not counting what the call asked to
   * wait. Then its connection is cut. Default: no limit.
   */
  readonly maxAnsweringMs?: number | undefined;
  /** Default: no limit. */
  readonly rateLimiter?: Pick<RateLimiter, 'count'> | undefined;
}

export interface MessageServerOptions extends MessageLimits {
  readonly handler: Pick<McpHttpHandler, 'fetch' | 'refuse'>;
  /** Measures the tool calls that are refused here. The handler measures those that it serves. */
  readonly telemetry: Pick<Telemetry, 'measure'>;
  /** Observes how many requests are open. */
  readonly httpTelemetry?: Pick<HttpTelemetry, 'observeRequests'> | undefined;
  /**
   * By how much a refusal is delayed, in milliseconds. Default: one second. Clients that retry at once would otherwise take
   * the time of clients that are served.
   */
  readonly refusalDelayMs?: number | undefined;
}

export interface MessageCaller {
  /** Callers with the same id share a rate limit, and one caller's share of the server. */
  readonly id: string;
  /** Undefined if callers are not asked for credentials. */
  readonly authInfo?: AuthInfo | undefined;
}

/** Serves one request of the MCP endpoint. */
export type ServeMessage = (request: Request, bindings: ServerBindings, caller: MessageCaller) => Promise<Response>;

/** How long a call waits for a slot. A client that has waited longer is better served by a retry. */
const maxQueuedMs = 5000;
/**
 * The memory of all bodies together: this many of the largest messages, and at least `minBodyMemoryBytes`. The contents stay
 * in the heap until the calls are answered. A character takes two bytes there if the text is not Latin-1.
 */
const largestBodies = 8;
const minBodyMemoryBytes = 64 * 1024 * 1024;
/** nginx's status for a client that has gone, which the SDK uses too. The answer is never sent. */
const clientGone = 499;

/** Puts the limits in front of the MCP handler. A message beyond a limit is refused cheaply, before MCP handles it. */
export function createMessageServer(options: MessageServerOptions): ServeMessage {
  const { handler, telemetry, rateLimiter, maxRequestBytes } = options;
  const bodyMemory = new BodyMemory(Math.max(largestBodies * maxRequestBytes, minBodyMemoryBytes));
  const admit = createAdmission(options);

  return async (request, bindings, { id, authInfo }) => {
    const { incoming, outgoing, requestId, countRefusal } = bindings;
    const context = { requestId, disconnect: () => outgoing.destroy(), ...(authInfo && { authInfo }) };
    // The handler answers a client that asks for a stream by GET that there is none. That is no refusal.
    if (request.method !== 'POST') return handler.fetch(request, context);
    const retryAfterMs = await rateLimiter?.count(id);
    const memory = bodyMemory.open(id, outgoing);
    const message = await readRequest(incoming, { maxBytes: maxRequestBytes, hasRoom: memory.hasRoom });
    if (message.kind === 'refused' || message.kind === 'overloaded') {
      if (outgoing.destroyed) return new Response(null, { status: clientGone });
      if (message.kind === 'refused') return refusalResponse(message.refusal, bindings);
      countRefusal(503, 'overloaded');
      return delayResponse(handler.refuse(request, message.error, context), outgoing, options);
    }
    const refusal = retryAfterMs === undefined ? await admit(message, id, outgoing) : rateLimited(retryAfterMs);
    if (refusal === undefined) {
      nameAnswerTypes(request);
      const response = await handler.fetch(request, { message, ...context });
      if (response.status >= 400) countHandlersRefusal(response, bindings);
      return response;
    }
    const call = toolCallOf(message);
    // A refused tool call counts as a call that failed.
    if (call !== undefined) await telemetry.measure(call, () => Promise.reject(refusal)).catch(() => undefined);
    if (refusal.code === 'CANCELLED') return new Response(null, { status: clientGone });
    const response = handler.refuse(request, refusal, { message, call, ...context });
    // Refused tool calls are answered with status 200, and are measured as calls.
    if (response.status >= 400)
      countRefusal(response.status, refusal.code === 'RATE_LIMITED' ? 'rate_limited' : 'overloaded');
    memory.release();
    // Not awaited: this function would keep the message in memory until the delay is over.
    return delayResponse(response, outgoing, options);
  };
}

/** Waits for a slot. Returns why the message must be refused, or undefined if it may be served. */
type Admit = (message: Message, caller: string, outgoing: ServerResponse) => Promise<ContextStoreError | undefined>;

/** Calls that wait, and subscriptions, have slots apart from other messages: they would hold them for long. */
function createAdmission(options: MessageServerOptions): Admit {
  const { maxConcurrentCalls, maxQueuedCalls, maxWaitingCalls, maxAnsweringMs, httpTelemetry } = options;
  const slots = new CallSlots({ size: maxConcurrentCalls, maxQueued: maxQueuedCalls, maxQueuedMs });
  const waitingSlots = new CallSlots({ size: maxWaitingCalls, maxQueued: 0, maxQueuedMs });
  let listening = 0;
  httpTelemetry?.observeRequests(() => ({
    served: slots.taken,
    queued: slots.queued,
    waiting: waitingSlots.taken - listening,
    listening,
  }));

  return async (message, caller, outgoing) => {
    const isAdmitted = await (waits(message) ? waitingSlots : slots).enter(caller, outgoing);
    if (!isAdmitted) return outgoing.destroyed ? cancelled() : overloaded();
    if (message.kind === 'listen') {
      listening += 1;
      outgoing.once('close', () => (listening -= 1));
    } else if (maxAnsweringMs !== undefined) {
      const waitMs = message.kind === 'tool_call' ? (message.waitMs ?? 0) : 0;
      cutAfter(maxAnsweringMs + waitMs, outgoing);
    }
    return undefined;
  };
}

/** The status is all that the handler tells about a refusal. */
function countHandlersRefusal({ status }: Response, { countRefusal }: ServerBindings): void {
  if (status !== clientGone) countRefusal(status, handlersReasons[status] ?? 'protocol');
}

const handlersReasons: Readonly<Record<number, RefusalReason>> = { 403: 'scope', 500: 'defect', 503: 'stopping' };

function delayResponse(
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
  // A random delay spreads the retries of clients that are refused at the same time.
  const retryAfterMs = Math.round(1000 + Math.random() * 1000);
  const message = `The server is busy with other calls. Nothing was done; wait ${inSeconds(retryAfterMs)}, then send the same call again.`;
  return new ContextStoreError('OVERLOADED', message, { retryAfterMs });
}

const inSeconds = (ms: number): string => `${Math.ceil(ms / 1000)} s`;
