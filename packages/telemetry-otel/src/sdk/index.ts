export { openPrometheusServer, type PrometheusServer, type PrometheusServerOptions } from './open-prometheus-server.js';
export { startOtelSdk, type OtelSdk, type OtelSdkOptions } from './start-otel-sdk.js';
