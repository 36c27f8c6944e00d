export { traceIdOf } from './traces/call-tracer.js';
export { createHttpTelemetry, type HttpTelemetry } from './metrics/create-http-telemetry.js';
export { createOtelTelemetry } from './metrics/create-otel-telemetry.js';
export {
  describeMetric,
  httpMetrics,
  processMetrics,
  refusalReasons,
  storeMetrics,
  type Metric,
  type RefusalReason,
  type RequestState,
} from './metrics/metrics.js';
export { observeProcess } from './metrics/observe-process.js';
export { spanAttributes, spans } from './traces/spans.js';
export { withTraces, type TracesOptions } from './traces/with-traces.js';
