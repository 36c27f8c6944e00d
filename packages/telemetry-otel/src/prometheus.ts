export {
  openPrometheusEndpoint,
  type PrometheusEndpoint,
  type PrometheusEndpointOptions,
} from './sdk/open-prometheus-endpoint.js';
