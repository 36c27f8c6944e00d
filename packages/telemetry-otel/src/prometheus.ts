export {
  openPrometheusEndpoint,
  type PrometheusEndpoint,
  type PrometheusEndpointOptions,
} from './open-prometheus-endpoint.js';
