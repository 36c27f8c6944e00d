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
  type Tracer,
} from '@opentelemetry/api';
import { W3CTraceContextPropagator } from '@opentelemetry/core';
import {
  ContextStoreError,
  type DatabaseSystem,
  type ErrorCode,
  type MeasuredCall,
  type Origin,
  type ToolRequest,
} from '@org/domain';
import type { SpanAttributes } from './spans.js';

/** A span that is under way, and the clock of its trace: what is measured by one clock lies where it belongs. */
interface OpenSpan {
  readonly span: Span;
  /** In epoch milliseconds. It never goes back. */
  readonly now: () => number;
}

type Served = readonly { readonly origin: Origin }[];

/** The span of the call that is under way. */
const callKey = createContextKey('the call of a tool');
/** The operations that statements are for. */
const servedKey = createContextKey('the operations that are served');

const propagator = new W3CTraceContextPropagator();
const traceIds = new WeakMap<ToolRequest, string>();
const longestText = 128;

/** The trace that a request became part of, sampled or not: for its lines in a log. Undefined: it was not traced. */
export function traceIdOf(request: ToolRequest | undefined): string | undefined {
  return request && traceIds.get(request);
}

/** Makes the spans of calls, and of what is done for them. */
export class CallTracer {
  readonly #tracer: Tracer;
  readonly #contexts: Pick<ContextManager, 'active' | 'with'>;

  constructor(tracer: Tracer, contexts: Pick<ContextManager, 'active' | 'with'>) {
    this.#tracer = tracer;
    this.#contexts = contexts;
  }

  /** Runs a call inside of its span. */
  async call<T>(call: MeasuredCall, run: () => Promise<T>): Promise<T> {
    const { request } = call;
    const active = request === undefined ? this.#contexts.active() : this.#outsideOfCalls();
    const parent = parentOf(request, active);
    const now = startClock();
    const span = this.#tracer.startSpan(
      request === undefined ? call.tool : `tools/call ${call.tool}`,
      {
        kind: request === undefined ? SpanKind.INTERNAL : SpanKind.SERVER,
        attributes: callAttributes(call),
        startTime: now(),
        links: parent === active ? [] : ambientLinks(active),
      },
      parent,
    );
    if (request !== undefined) traceIds.set(request, span.spanContext().traceId);
    try {
      if (!span.isRecording()) return await run();
      const opened: OpenSpan = { span, now };
      return await this.#contexts.with(trace.setSpan(active, span).setValue(callKey, opened), run);
    } catch (error) {
      const code = codeOf(error);
      fail(span, { 'error.type': request === undefined ? code : 'tool_error', 'context_store.error.code': code });
      throw error;
    } finally {
      span.end(now());
    }
  }

  /** Runs an operation inside of a span of its own, where a call that is sampled is under way. */
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
      fail(span, { 'error.type': codeOf(error) });
      throw error;
    } finally {
      span.end(now());
    }
  }

  /** Makes the span of a statement that ended now: below the first operation that it served, and linked with the others. */
  statement(name: string, durationMs: number, system: DatabaseSystem): void {
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
    span.end(endMs);
    for (const other of others) other.span.addLink(linkTo({ span }));
  }

  origin(): Origin {
    return this.#served()[0]?.origin;
  }

  /** Whatever happens to be active where a batch is sent is of no concern to the others in it. */
  attribute<T>(served: Served, run: () => T): T {
    return this.#contexts.with(ROOT_CONTEXT.setValue(servedKey, served), run);
  }

  /** No request comes out of another call: where it seems so, a connection was read on in the course of that call. */
  #outsideOfCalls(): Context {
    const active = this.#contexts.active();
    return active.getValue(callKey) === undefined ? active : ROOT_CONTEXT;
  }

  #served(): Served {
    return (this.#contexts.active().getValue(servedKey) as Served | undefined) ?? [];
  }
}

function callAttributes({ tool, request }: MeasuredCall): SpanAttributes {
  if (request === undefined) return { 'gen_ai.tool.name': tool };
  const { id, protocolVersion, transport } = request;
  return {
    'mcp.method.name': 'tools/call',
    'gen_ai.operation.name': 'execute_tool',
    'gen_ai.tool.name': tool,
    'jsonrpc.request.id': `${id}`.slice(0, longestText),
    ...(protocolVersion !== undefined && { 'mcp.protocol.version': protocolVersion.slice(0, longestText) }),
    'network.transport': transport,
  };
}

const parentOf = (request: ToolRequest | undefined, active: Context): Context =>
  request?.traceparent === undefined ? active : propagator.extract(active, request, defaultTextMapGetter);

/** What has a parent elsewhere is done in the course of something here all the same: of an HTTP request, say. */
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

/** Without a description: messages name sessions and agents. */
function fail(span: Span, attributes: SpanAttributes): void {
  span.setStatus({ code: SpanStatusCode.ERROR });
  span.setAttributes(attributes);
}
