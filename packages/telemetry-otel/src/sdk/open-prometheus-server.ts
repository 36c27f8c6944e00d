import { once } from 'node:events';
import { createServer, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { PrometheusExporter } from '@opentelemetry/exporter-prometheus';
import type { MetricReader } from '@opentelemetry/sdk-metrics';
import { exposition, expositionType } from './exposition.js';

export interface PrometheusServerOptions {
  readonly host: string;
  /** 0: any free port. */
  readonly port: number;
  /** What the names of all metrics begin with; see `OtelSdkOptions`. Default: nothing. */
  readonly metricsPrefix?: string | undefined;
  /** Takes one line. */
  readonly log: (line: string) => void;
}

/** Serves the metrics of this process to Prometheus, once `reader` is given to the SDK. */
export interface PrometheusServer {
  readonly reader: MetricReader;
  /** The URL of the metrics, with the port that was bound. */
  readonly url: string;
  /** Stops listening and cuts open connections. */
  readonly close: () => Promise<void>;
}

/** Prometheus needs few connections. The bounds keep other clients from taking the descriptors of the process. */
const [maxConnections, headersTimeout] = [32, 5000];
/** No answer depends on the host, so a request may leave it out. */
const limits = { requireHostHeader: false, headersTimeout, connectionsCheckingInterval: headersTimeout / 4 };

/**
 * Listens for scrapes at `/metrics`.
 *
 * @throws the error of Node.js if it cannot listen at the address
 */
export async function openPrometheusServer(options: PrometheusServerOptions): Promise<PrometheusServer> {
  const { host, port, log, metricsPrefix = '' } = options;
  const exporter = new PrometheusExporter({ preventServerStart: true });
  const answerScrape = scrapesOf(exporter, metricsPrefix, log);
  // The exporter's own server waits for connections that stay open, and begins its answer with histograms.
  const server = createServer(limits, ({ url, method = '' }, response) => {
    if (url?.split('?')[0] !== '/metrics') response.writeHead(404).end('Metrics are at GET /metrics.\n');
    else if (method === 'GET' || method === 'HEAD') void answerScrape(response);
    else response.writeHead(405, { allow: 'GET, HEAD' }).end('Metrics are at GET /metrics.\n');
  });
  server.maxConnections = maxConnections;
  // A process without other work may end while this server listens.
  server.unref().listen(port, host);
  await once(server, 'listening');
  return {
    reader: exporter,
    url: urlOf(server),
    close: async () => {
      const closed = once(server, 'close');
      server.close();
      server.closeAllConnections();
      await closed;
    },
  };
}

/** Scrapes come every few seconds, so a problem has one line when it begins and another when it is over. */
function scrapesOf(exporter: PrometheusExporter, metricsPrefix: string, log: (line: string) => void) {
  let isComplete = true;
  const report = (problem: string, errors: readonly unknown[]): void => {
    if (isComplete) log(`${problem}: ${String(errors[0])}`);
    isComplete = false;
  };
  return async (response: ServerResponse): Promise<void> => {
    try {
      const { resourceMetrics, errors } = await exporter.collect();
      await resourceMetrics.resource.waitForAsyncAttributes?.();
      const text = exposition(resourceMetrics, metricsPrefix);
      if (errors.length > 0) report('Not all can be measured', errors);
      else if (!isComplete) {
        isComplete = true;
        log('All can be measured again.');
      }
      response.writeHead(200, { 'content-type': expositionType }).end(text);
    } catch (error) {
      report('Nothing can be measured', [error]);
      response.writeHead(500).end('Nothing could be measured.\n');
    }
  };
}

function urlOf(server: Server): string {
  const { address, port } = server.address() as AddressInfo;
  return `http://${address.includes(':') ? `[${address}]` : address}:${port}/metrics`;
}
