import { once } from 'node:events';
import { createServer, type IncomingHttpHeaders, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { buffer } from 'node:stream/consumers';
import { setTimeout } from 'node:timers/promises';
import { gunzipSync } from 'node:zlib';
import { decodeProtobuf } from './decode-protobuf.js';
import { requestTypes } from './otlp-schema.js';
import { metricsOf, spansOf, type ExportRequest, type ReceivedMetric, type ReceivedSpan } from './received.js';

/** How the receiver answers: `slow` accepts after a while, `silent` reads each request and never answers. */
export type ReceiverMood = 'accepts' | 'slow' | 'silent' | 'fails' | 'talks nonsense';

/** A small receiver of traces and metrics by OTLP over HTTP, in JSON or Protocol Buffers. */
export interface OtlpReceiver {
  /** For OTEL_EXPORTER_OTLP_ENDPOINT. */
  readonly url: string;
  readonly port: number;
  /** The spans that arrived while it accepted, in the order of arrival. */
  readonly spans: ReceivedSpan[];
  /** The metrics that arrived while it accepted, in the order of arrival. */
  readonly metrics: ReceivedMetric[];
  /** The headers of each request. */
  readonly headers: IncomingHttpHeaders[];
  /** Everything that arrived, as JSON, for tests that look for what must not be in it. */
  readonly text: () => string;
  mood: ReceiverMood;
  readonly close: () => Promise<void>;
}

/** Long enough for tests to trace some calls in the meantime. */
const slowMs = 100;

/** @param port default: any free one */
export async function startOtlpReceiver(port = 0): Promise<OtlpReceiver> {
  const requests: unknown[] = [];
  const spans: ReceivedSpan[] = [];
  const metrics: ReceivedMetric[] = [];
  const headers: IncomingHttpHeaders[] = [];
  const server = createServer((request, response) => void receive(request, response));
  server.listen(port, '127.0.0.1');
  await once(server, 'listening');

  async function receive(request: IncomingMessage, response: ServerResponse): Promise<void> {
    headers.push(request.headers);
    const body = await buffer(request);
    if (receiver.mood === 'silent') return;
    if (receiver.mood === 'fails') return void response.writeHead(500).end('out of memory at 0xdeadbeef');
    if (receiver.mood === 'talks nonsense') return void response.end('<html>Welcome to nginx!</html>');
    if (receiver.mood === 'slow') await setTimeout(slowMs);
    const type = requestTypes[request.url ?? ''];
    if (type === undefined) return void response.writeHead(404).end();
    const bytes = request.headers['content-encoding'] === 'gzip' ? gunzipSync(body) : body;
    const isJson = request.headers['content-type'] === 'application/json';
    const decoded = isJson ? (JSON.parse(bytes.toString()) as unknown) : decodeProtobuf(bytes, type);
    requests.push(decoded);
    spans.push(...spansOf(decoded as ExportRequest));
    metrics.push(...metricsOf(decoded as ExportRequest));
    response.setHeader('content-type', request.headers['content-type'] ?? '');
    response.end(isJson ? '{}' : '');
  }

  const bound = (server.address() as AddressInfo).port;
  const receiver: OtlpReceiver = {
    url: `http://127.0.0.1:${bound}`,
    port: bound,
    spans,
    metrics,
    headers,
    text: () => JSON.stringify(requests),
    mood: 'accepts',
    close: async () => {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
  return receiver;
}
