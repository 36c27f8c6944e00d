import {
  createContextKey,
  defaultTextMapGetter,
  ROOT_CONTEXT,
  SpanKind,
  SpanStatusCode,
  trace,
  type Context,
  type ContextManager,
  type Link,
  type Span,
  type SpanOptions,
  type TextMapPropagator,
  type Tracer,
} from '@opentelemetry/api';
import {
  ContextStoreError,
  type DatabaseSystem,
  type ErrorCode,
  type MeasuredCall,
  type McpRequest,
  type Origin,
  type ResourceRead,
} from '@org/domain';
import type { SpanAttributes } from './spans.js';

/** A span that is under way. All spans of a trace are timed by one clock, so that they nest. */
interface OpenSpan {
  readonly span: Span;
  /** Returns the time in epoch milliseconds. It never goes back. */
  readonly now: () => number;
}

/** The error of a JSON-RPC answer. */
interface JsonRpcError {
  readonly code: number;
  /** The code of the product's error that caused it, if there is one. */
  readonly data?: { readonly code?: ErrorCode } | undefined;
}

/** Reads the parent of a call from its request. */
export type ParentReader = Pick<TextMapPropagator<McpRequest>, 'extract'>;

type Served = readonly { readonly origin: Origin }[];

/** Holds the span of the call that is under way. */
const callKey = createContextKey('the call of a tool');
/** Holds the operations that a statement serves. */
const servedKey = createContextKey('the operations that a statement serves');

const traceIds = new WeakMap<McpRequest, string>();
const longestText = 128;

/** Returns the id of a request's trace, sampled or not, for the log. Returns undefined if the request was not traced. */
export function traceIdOf(request: McpRequest | undefined): string | undefined {
  return request && traceIds.get(request);
}

export interface CallTracerOptions {
  readonly tracer: Tracer;
  readonly contexts: Pick<ContextManager, 'active' | 'with'>;
  readonly propagator: ParentReader;
}

/** Creates the spans of calls, and of the operations and statements below them. */
export class CallTracer {
  readonly #tracer: Tracer;
  readonly #contexts: Pick<ContextManager, 'active' | 'with'>;
  readonly #propagator: ParentReader;

  constructor({ tracer, contexts, propagator }: CallTracerOptions) {
    this.#tracer = tracer;
    this.#contexts = contexts;
    this.#propagator = propagator;
  }

  /** Runs a call inside a span. */
  async call<T>(call: MeasuredCall, run: () => Promise<T>): Promise<T> {
    const { tool, request } = call;
    const name = request === undefined ? tool : `tools/call ${tool}`;
    const active = this.#contextOf(request);
    const now = startClock();
    const span = this.#startSpan(name, { attributes: callAttributes(call), startTime: now() }, active, request);
    try {
      if (!span.isRecording()) return await run();
      const opened: OpenSpan = { span, now };
      return await this.#contexts.with(trace.setSpan(active, span).setValue(callKey, opened), run);
    } catch (error) {
      const code = codeOf(error);
      const attributes = { 'context_store.error.code': code };
      // Not a failure: the caller left before its turn.
      if (code === 'CANCELLED') span.setAttributes(attributes);
      else fail(span, { 'error.type': request === undefined ? code : 'tool_error', ...attributes });
      throw error;
    } finally {
      span.end(now());
    }
  }

  /** Runs the reading of a resource inside a span. Calls that it makes have spans below it. */
  async read<T>({ request, uriTemplate }: ResourceRead, run: () => Promise<T>): Promise<T> {
    const attributes = {
      ...requestAttributes('resources/read', request),
      ...(uriTemplate !== undefined && { 'mcp.resource.uri': uriTemplate }),
    };
    const active = this.#contextOf(request);
    const now = startClock();
    const span = this.#startSpan('resources/read', { attributes, startTime: now() }, active, request);
    try {
      const opened: OpenSpan = { span, now };
      // Also if it is not sampled: the spans below follow the decision of their parent.
      return await this.#contexts.with(trace.setSpan(active, span).setValue(callKey, opened), run);
    } catch (error) {
      const { code, data } = error as JsonRpcError;
      const status = String(code);
      if (data?.code !== 'CANCELLED') fail(span, { 'error.type': status, 'rpc.response.status_code': status });
      throw error;
    } finally {
      span.end(now());
    }
  }

  /** Starts the span of a call or of a request. */
  #startSpan(name: string, options: SpanOptions, active: Context, request: McpRequest | undefined): Span {
    const parent = this.#parentOf(request, active);
    const kind = request === undefined ? SpanKind.INTERNAL : SpanKind.SERVER;
    const links = parent === active ? [] : ambientLinks(active);
    const span = this.#tracer.startSpan(name, { ...options, kind, links }, parent);
    if (request !== undefined) traceIds.set(request, span.spanContext().traceId);
    return span;
  }

  /** Runs an operation of the store. It has a span if a sampled call is under way. */
  async operation<T>(name: string, run: () => Promise<T>): Promise<T> {
    const active = this.#contexts.active();
    const call = active.getValue(callKey) as OpenSpan | undefined;
    if (call?.span.isRecording() !== true) return run();
    const { now } = call;
    const span = this.#tracer.startSpan(name, { startTime: now() }, active);
    const operation: OpenSpan = { span, now };
    const served: Served = [{ origin: operation }];
    try {
      return await this.#contexts.with(trace.setSpan(active, span).setValue(servedKey, served), run);
    } catch (error) {
      const code = codeOf(error);
      if (code !== 'CANCELLED') fail(span, { 'error.type': code });
      throw error;
    } finally {
      span.end(now());
    }
  }

  /** Records a statement that has just ended: a span below the first operation that it served, linked with the others. */
  statement(name: string, durationMs: number, system: DatabaseSystem, failure?: string): void {
    const served = this.#served();
    const [first, ...others] = served.map(({ origin }) => origin as OpenSpan | undefined).filter(isUnderWay);
    if (first === undefined) return;
    const attributes: SpanAttributes = {
      'db.system.name': system,
      'db.operation.name': name,
      ...(served.length > 1 && { 'db.operation.batch.size': served.length }),
    };
    const endMs = first.now();
    const options = { kind: SpanKind.CLIENT, attributes, startTime: endMs - durationMs, links: others.map(linkTo) };
    const span = this.#tracer.startSpan(name, options, trace.setSpan(ROOT_CONTEXT, first.span));
    if (failure !== undefined) fail(span, { 'error.type': failure });
    span.end(endMs);
    for (const other of others) other.span.addLink(linkTo({ span }));
  }

  origin(): Origin {
    return this.#served()[0]?.origin;
  }

  /** Drops the active context: it belongs to the one call that happened to send the batch. */
  attribute<T>(served: Served, run: () => T): T {
    return this.#contexts.with(ROOT_CONTEXT.setValue(servedKey, served), run);
  }

  /** Requests do not come from other calls. If a call is active, its code only happened to read the connection. */
  #contextOf(request: McpRequest | undefined): Context {
    const active = this.#contexts.active();
    return request === undefined || active.getValue(callKey) === undefined ? active : ROOT_CONTEXT;
  }

  #parentOf(request: McpRequest | undefined, active: Context): Context {
    return request?.traceparent === undefined
      ? active
      : this.#propagator.extract(active, request, defaultTextMapGetter);
  }

  #served(): Served {
    return (this.#contexts.active().getValue(servedKey) as Served | undefined) ?? [];
  }
}

function callAttributes({ tool, request }: MeasuredCall): SpanAttributes {
  if (request === undefined) return { 'gen_ai.tool.name': tool };
  return {
    ...requestAttributes('tools/call', request),
    'gen_ai.operation.name': 'execute_tool',
    'gen_ai.tool.name': tool,
  };
}

function requestAttributes(method: string, { id, protocolVersion, transport }: McpRequest): SpanAttributes {
  return {
    'mcp.method.name': method,
    'jsonrpc.request.id': `${id}`.slice(0, longestText),
    ...(protocolVersion !== undefined && { 'mcp.protocol.version': protocolVersion.slice(0, longestText) }),
    'network.transport': transport,
  };
}

/** Links a span whose parent is remote with the local span that is active, such as that of an HTTP request. */
function ambientLinks(active: Context): Link[] {
  const span = trace.getSpan(active);
  return span === undefined ? [] : [linkTo({ span })];
}

const linkTo = ({ span }: Pick<OpenSpan, 'span'>): Link => ({ context: span.spanContext() });

const isUnderWay = (origin: OpenSpan | undefined): origin is OpenSpan => origin?.span.isRecording() === true;

function startClock(): () => number {
  const offsetMs = Date.now() - performance.now();
  return () => offsetMs + performance.now();
}

const codeOf = (error: unknown): ErrorCode => (error instanceof ContextStoreError ? error.code : 'INTERNAL_ERROR');

/** Sets no description: messages name sessions and agents. */
function fail(span: Span, attributes: SpanAttributes): void {
  span.setStatus({ code: SpanStatusCode.ERROR });
  span.setAttributes(attributes);
}
