import { context, trace, type ContextManager, type TracerProvider } from '@opentelemetry/api';
import { W3CTraceContextPropagator } from '@opentelemetry/core';
import type { Telemetry } from '@org/domain';
import { CallTracer, type ParentReader } from './call-tracer.js';
import { tracedStore } from './traced-store.js';

export interface TracesOptions {
  /**
   * Creates the tracer. Default: the provider that the process registered globally. If there is none, nothing is
   * traced.
   */
  readonly provider?: Pick<TracerProvider, 'getTracer'> | undefined;
  /** Carries the span of a call to the work below it. Default: the manager that the process registered globally. */
  readonly contexts?: Pick<ContextManager, 'active' | 'with'> | undefined;
  /** Reads the parent of a call from its request. Default: a propagator for W3C Trace Context. */
  readonly propagator?: ParentReader | undefined;
}

/**
 * Adds traces to a telemetry. Each tool call and each read of an MCP resource has a span. Below it is a span for each
 * store operation, and below that one for each statement. The parent of a call's span is the client's span, from
 * `_meta` of the request, or else the active span. Calls that are not sampled cost little more than the sampler.
 *
 * It starts no SDK: the provider decides where spans go.
 */
export function withTraces(
  telemetry: Telemetry,
  { provider = trace, contexts = context, propagator = new W3CTraceContextPropagator() }: TracesOptions = {},
): Telemetry {
  const tracer = new CallTracer({ tracer: provider.getTracer('@org/telemetry-otel'), contexts, propagator });
  return {
    measure: (call, run) => tracer.call(call, () => telemetry.measure(call, run)),
    traceRead: (read, run) => tracer.read(read, () => telemetry.traceRead(read, run)),
    count: (event) => telemetry.count(event),
    recordStatement: (statement, durationMs, system, failure) => {
      telemetry.recordStatement(statement, durationMs, system, failure);
      tracer.statement(statement, durationMs, system, failure);
    },
    recordPoolWait: (durationMs) => telemetry.recordPoolWait(durationMs),
    recordCacheLookup: (isHit) => telemetry.recordCacheLookup(isHit),
    observePool: (read) => telemetry.observePool(read),
    observeLink: (link, isUp) => telemetry.observeLink(link, isUp),
    observeStore: (store) => tracedStore(telemetry.observeStore(store), (name, run) => tracer.operation(name, run)),
    origin: () => tracer.origin(),
    attribute: (served, run) => tracer.attribute(served, run),
  };
}
