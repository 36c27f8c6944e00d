export { traceIdOf } from './call-tracer.js';
export { createHttpTelemetry, type HttpTelemetry } from './create-http-telemetry.js';
export { createOtelTelemetry } from './create-otel-telemetry.js';
export {
  describeMetric,
  httpMetrics,
  processMetrics,
  refusalReasons,
  storeMetrics,
  type Metric,
  type RefusalReason,
  type RequestState,
} from './metrics.js';
export { observeProcess } from './observe-process.js';
export { spanAttributes, spans } from './spans.js';
export { withTraces, type TracesOptions } from './with-traces.js';
