import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { buffer } from 'node:stream/consumers';
import { setTimeout as sleep } from 'node:timers/promises';
import type { RowContext } from '../row.js';

/** Takes traces by OTLP over HTTP, and looks into them when it is asked: not while something is measured. */
export interface TraceReceiver {
  /** For OTEL_EXPORTER_OTLP_ENDPOINT. */
  readonly url: string;
  /** How many traces came. Waits for more until there are so many, but not for long. */
  readonly traces: (atLeast: number) => Promise<number>;
}

const waitMs = 5000;

export async function startTraceReceiver({ resources }: Pick<RowContext, 'resources'>): Promise<TraceReceiver> {
  const traceIds = new Set<string>();
  let bodies: Buffer[] = [];
  const server = createServer((request, response) => {
    // One that breaks off is missed where the traces are counted.
    takeIn(request, response).catch(() => response.destroy());
  });
  async function takeIn(request: IncomingMessage, response: ServerResponse): Promise<void> {
    bodies.push(await buffer(request));
    response.end();
  }
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  resources.defer(() => {
    server.close();
    server.closeAllConnections();
  });
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    async traces(atLeast) {
      const deadlineMs = performance.now() + waitMs;
      for (;;) {
        for (const traceId of bodies.flatMap((body) => [...traceIdsOf(body)])) traceIds.add(traceId);
        bodies = [];
        if (traceIds.size >= atLeast || performance.now() > deadlineMs) return traceIds.size;
        await sleep(50);
      }
    },
  };
}

/** Of an ExportTraceServiceRequest: its `resource_spans`, their `scope_spans`, their `spans`, their `trace_id`. */
function* traceIdsOf(request: Buffer): Generator<string> {
  const path = [1, 2, 2, 1];
  let messages = [request];
  for (const number of path) {
    messages = messages.flatMap((message) =>
      [...fieldsOf(message)].filter(([field]) => field === number).map(([, value]) => value),
    );
  }
  for (const traceId of messages) yield traceId.toString('hex');
}

/** The fields of a message of Protocol Buffers, by number: those that are made of bytes. */
function* fieldsOf(message: Buffer): Generator<[number: number, value: Buffer]> {
  let at = 0;
  const varint = (): number => {
    for (let [value, factor] = [0, 1]; ; factor *= 128) {
      const byte = message.readUInt8(at);
      at += 1;
      value += (byte % 128) * factor;
      if (byte < 128) return value;
    }
  };
  while (at < message.length) {
    const tag = varint();
    const wireType = tag % 8;
    if (wireType === 0) varint();
    else if (wireType === 1) at += 8;
    else if (wireType === 5) at += 4;
    else {
      const length = varint();
      yield [Math.floor(tag / 8), message.subarray(at, at + length)];
      at += length;
    }
  }
}
