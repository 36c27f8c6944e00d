import { once } from 'node:events';
import { createServer, type IncomingHttpHeaders, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { buffer } from 'node:stream/consumers';
import { setTimeout } from 'node:timers/promises';
import { gunzipSync } from 'node:zlib';
import { decodeProtobuf, type Field, type MessageType } from './decode-protobuf.js';

/** A span as it arrived. */
export interface ReceivedSpan {
  readonly traceId: string;
  readonly spanId: string;
  /** Empty: it has no parent. */
  readonly parentSpanId: string;
  readonly name: string;
  readonly kind: 'INTERNAL' | 'SERVER' | 'CLIENT' | 'other';
  readonly attributes: Readonly<Record<string, unknown>>;
  /** The ids of the spans that it is linked with. */
  readonly links: readonly string[];
  readonly isError: boolean;
  readonly startMs: number;
  readonly endMs: number;
  /** What made it. */
  readonly resource: Readonly<Record<string, unknown>>;
}

/** How the receiver answers: `slow` accepts after a while, `silent` takes the spans and never says a word. */
export type ReceiverMood = 'accepts' | 'slow' | 'silent' | 'fails' | 'talks nonsense';

/** A small receiver of traces by OTLP over HTTP, in JSON or Protocol Buffers. */
export interface OtlpReceiver {
  /** For OTEL_EXPORTER_OTLP_ENDPOINT. */
  readonly url: string;
  readonly port: number;
  /** What arrived while it accepted, in the order of arrival. */
  readonly spans: ReceivedSpan[];
  /** Of each request. */
  readonly headers: IncomingHttpHeaders[];
  /** Everything that arrived, as JSON: to look for what must not be in it. */
  readonly text: () => string;
  mood: ReceiverMood;
  readonly close: () => Promise<void>;
}

/** Long enough for some calls to be traced meanwhile. */
const slowMs = 100;

/** @param port default: any free one */
export async function startOtlpReceiver(port = 0): Promise<OtlpReceiver> {
  const requests: unknown[] = [];
  const spans: ReceivedSpan[] = [];
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
    if (request.url !== '/v1/traces') return void response.writeHead(404).end();
    const bytes = request.headers['content-encoding'] === 'gzip' ? gunzipSync(body) : body;
    const isJson = request.headers['content-type'] === 'application/json';
    const decoded = isJson ? (JSON.parse(bytes.toString()) as unknown) : decodeProtobuf(bytes, exportRequest);
    requests.push(decoded);
    spans.push(...spansOf(decoded as ExportRequest));
    response.setHeader('content-type', request.headers['content-type'] ?? '');
    response.end(isJson ? '{}' : '');
  }

  const bound = (server.address() as AddressInfo).port;
  const receiver: OtlpReceiver = {
    url: `http://127.0.0.1:${bound}`,
    port: bound,
    spans,
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

interface KeyValue {
  readonly key: string;
  readonly value: Readonly<Record<string, unknown>>;
}

interface ExportRequest {
  readonly resourceSpans?: readonly {
    readonly resource?: { readonly attributes?: readonly KeyValue[] };
    readonly scopeSpans?: readonly { readonly spans?: readonly SpanMessage[] }[];
  }[];
}

interface SpanMessage {
  readonly traceId: string;
  readonly spanId: string;
  readonly parentSpanId?: string;
  readonly name: string;
  readonly kind: number;
  readonly startTimeUnixNano: string;
  readonly endTimeUnixNano: string;
  readonly attributes?: readonly KeyValue[];
  readonly links?: readonly { readonly spanId: string }[];
  readonly status?: { readonly code?: number };
}

const kinds = ['other', 'INTERNAL', 'SERVER', 'CLIENT'] as const;
const errorStatus = 2;

const spansOf = ({ resourceSpans = [] }: ExportRequest): ReceivedSpan[] =>
  resourceSpans.flatMap(({ resource, scopeSpans = [] }) =>
    scopeSpans
      .flatMap(({ spans = [] }) => spans)
      .map((span) => ({
        traceId: span.traceId,
        spanId: span.spanId,
        parentSpanId: span.parentSpanId ?? '',
        name: span.name,
        kind: kinds[span.kind] ?? 'other',
        attributes: valuesOf(span.attributes),
        links: (span.links ?? []).map(({ spanId }) => spanId),
        isError: span.status?.code === errorStatus,
        startMs: Number(span.startTimeUnixNano) / 1e6,
        endMs: Number(span.endTimeUnixNano) / 1e6,
        resource: valuesOf(resource?.attributes),
      })),
  );

const valuesOf = (attributes: readonly KeyValue[] = []): Record<string, unknown> =>
  Object.fromEntries(attributes.map(({ key, value }) => [key, Object.values(value)[0]]));

// From opentelemetry/proto/collector/trace/v1/trace_service.proto and what it imports, as far as a test asks for it.
const many = (name: string, type: MessageType): Field => ({ name, type, repeats: true });
const anyValue: MessageType = {
  1: { name: 'stringValue', type: 'text' },
  2: { name: 'boolValue', type: 'number' },
  3: { name: 'intValue', type: 'number' },
  4: { name: 'doubleValue', type: 'double' },
};
const keyValue: MessageType = { 1: { name: 'key', type: 'text' }, 2: { name: 'value', type: anyValue } };
const link: MessageType = {
  1: { name: 'traceId', type: 'hex' },
  2: { name: 'spanId', type: 'hex' },
  3: { name: 'traceState', type: 'text' },
  4: many('attributes', keyValue),
};
const event: MessageType = { 2: { name: 'name', type: 'text' }, 3: many('attributes', keyValue) };
const status: MessageType = { 2: { name: 'message', type: 'text' }, 3: { name: 'code', type: 'number' } };
const span: MessageType = {
  1: { name: 'traceId', type: 'hex' },
  2: { name: 'spanId', type: 'hex' },
  3: { name: 'traceState', type: 'text' },
  4: { name: 'parentSpanId', type: 'hex' },
  5: { name: 'name', type: 'text' },
  6: { name: 'kind', type: 'number' },
  7: { name: 'startTimeUnixNano', type: 'fixed64' },
  8: { name: 'endTimeUnixNano', type: 'fixed64' },
  9: many('attributes', keyValue),
  11: many('events', event),
  13: many('links', link),
  15: { name: 'status', type: status },
};
const resource: MessageType = { 1: many('attributes', keyValue) };
const scopeSpans: MessageType = { 2: many('spans', span) };
const resourceSpans: MessageType = { 1: { name: 'resource', type: resource }, 2: many('scopeSpans', scopeSpans) };
const exportRequest: MessageType = { 1: many('resourceSpans', resourceSpans) };
