export { traceIdOf } from './call-tracer.js';
export { createOtelTelemetry } from './create-otel-telemetry.js';
export { processMetrics, storeMetrics, type Metric } from './metrics.js';
export { observeProcess } from './observe-process.js';
export { spanAttributes, spans } from './spans.js';
export { withTraces, type TracesOptions } from './with-traces.js';
