export { createOtelTelemetry } from './create-otel-telemetry.js';
export { processMetrics, storeMetrics, type Metric } from './metrics.js';
export { observeProcess } from './observe-process.js';
