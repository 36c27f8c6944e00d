import { once } from 'node:events';
import { createServer, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { PrometheusExporter } from '@opentelemetry/exporter-prometheus';
import { MeterProvider } from '@opentelemetry/sdk-metrics';
import type { Telemetry } from '@org/domain';
import { createHttpTelemetry, type HttpTelemetry } from '../metrics/create-http-telemetry.js';
import { createOtelTelemetry } from '../metrics/create-otel-telemetry.js';
import { exposition, expositionType } from './exposition.js';
import { observeProcess } from '../metrics/observe-process.js';

export interface PrometheusEndpointOptions {
  readonly host: string;
  /** 0: any free one. */
  readonly port: number;
  /** Takes one line. */
  readonly log: (line: string) => void;
}

/** Where Prometheus gets the measurements of this process. */
export interface PrometheusEndpoint {
  readonly telemetry: Telemetry;
  /** For a program that serves HTTP. */
  readonly httpTelemetry: HttpTelemetry;
  /** Of the metrics, as bound. */
  readonly url: string;
  /** Answers no more. */
  readonly close: () => Promise<void>;
}

/** Prometheus needs few connections. The bounds keep other clients from taking the descriptors of the process. */
const [maxConnections, headersTimeout] = [32, 5000];
/** No answer depends on the host, so a request may leave it out. */
const limits = { requireHostHeader: false, headersTimeout, connectionsCheckingInterval: headersTimeout / 4 };

/**
 * Starts to measure the process and serves the measurements at `/metrics`, by an SDK of its own: for a program, not for a
 * library. Nothing is registered globally.
 *
 * @throws what Node.js throws when the address cannot be had; nothing is measured then
 */
export async function openPrometheusEndpoint({
  host,
  port,
  log,
}: PrometheusEndpointOptions): Promise<PrometheusEndpoint> {
  const exporter = new PrometheusExporter({ preventServerStart: true });
  const answerScrape = scrapesOf(exporter, log);
  // Not the exporter's own server, which would wait for connections that stay open, and begins with histograms.
  const server = createServer(limits, ({ url, method = '' }, response) => {
    if (url?.split('?')[0] !== '/metrics') response.writeHead(404).end('Metrics are at GET /metrics.\n');
    else if (method === 'GET' || method === 'HEAD') void answerScrape(response);
    else response.writeHead(405, { allow: 'GET, HEAD' }).end('Metrics are at GET /metrics.\n');
  });
  server.maxConnections = maxConnections;
  // An observer keeps no program alive.
  server.unref().listen(port, host);
  await once(server, 'listening');

  const provider = new MeterProvider({ readers: [exporter] });
  const telemetry = createOtelTelemetry(provider);
  const stopObserving = observeProcess(provider);
  return {
    telemetry,
    httpTelemetry: createHttpTelemetry(provider),
    url: urlOf(server),
    close: async () => {
      stopObserving();
      server.close();
      server.closeAllConnections();
      await provider.shutdown();
    },
  };
}

/** Scrapes come every few seconds: that something cannot be measured is a line once, and another one when it can be again. */
function scrapesOf(exporter: PrometheusExporter, log: (line: string) => void) {
  let isComplete = true;
  const tell = (problem: string, errors: readonly unknown[]): void => {
    if (isComplete) log(`${problem}: ${String(errors[0])}`);
    isComplete = false;
  };
  return async (response: ServerResponse): Promise<void> => {
    try {
      const { resourceMetrics, errors } = await exporter.collect();
      const text = exposition(resourceMetrics);
      if (errors.length > 0) tell('Not all can be measured', errors);
      else if (!isComplete) {
        isComplete = true;
        log('All can be measured again.');
      }
      response.writeHead(200, { 'content-type': expositionType }).end(text);
    } catch (error) {
      tell('Nothing can be measured', [error]);
      response.writeHead(500).end('Nothing could be measured.\n');
    }
  };
}

function urlOf(server: Server): string {
  const { address, port } = server.address() as AddressInfo;
  return `http://${address.includes(':') ? `[${address}]` : address}:${port}/metrics`;
}
