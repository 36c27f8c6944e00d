import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { getRequestListener, RequestError, type HttpBindings } from '@hono/node-server';
import { INTERNAL_ERROR, INVALID_REQUEST } from '@modelcontextprotocol/server';
import type { HttpTelemetry } from '@org/telemetry-otel';
import { ConnectionLimit } from '../limits/connection-limit.js';
import { drainConnections } from './drain-connections.js';
import { listen } from './listen.js';
import { isProbe } from './probes.js';
import { refusalResponse, refused, type Refusal, type RefusedRequest } from './refusal.js';
import { requestIdHeader, requestIdOf } from './request-id.js';
import { urlHost } from './url-host.js';

/** What the server knows about a request apart from the request itself. */
export interface ServerBindings extends HttpBindings, RefusedRequest {}

export interface HttpServerOptions {
  readonly fetch: (request: Request, bindings: ServerBindings) => Response | Promise<Response>;
  readonly host: string;
  readonly port: number;
  /** Returns true if clients should send their next calls elsewhere: answers then close their connection. Default: never. */
  readonly isStopping?: (() => boolean) | undefined;
  /** Counts refused requests, and connections. */
  readonly telemetry?: Omit<HttpTelemetry, 'observeRequests'> | undefined;
  /** Maximum number of connections that have a request under way. Default: 10,000. */
  readonly maxConnections?: number | undefined;
  /** Takes a line when there is no room for a connection. */
  readonly log?: ((line: string) => void) | undefined;
  /** How long a client may take to send the headers of a request, in milliseconds. Default: 10 s. */
  readonly headersTimeoutMs?: number | undefined;
  /** How long a client may take to send a whole request, in milliseconds. Default: 60 s. */
  readonly requestTimeoutMs?: number | undefined;
}

export interface HttpServer {
  /** The URL without a path. */
  readonly url: string;
  /** Takes no new connections. Resolves when the calls under way are answered, or cuts them after `cutAfterMs`. */
  readonly drain: (cutAfterMs: number) => Promise<void>;
}

/**
 * Load balancers reuse idle connections for some time, most of them for 60 seconds. The server keeps them longer, so that no
 * call arrives on a connection that the server is closing.
 */
const keepAliveTimeoutMs = 75_000;

/** Characters that the adapter allows in a Host header, but then parses as other parts of the URL. */
const moreThanHost = /[\s@\\#?/]/;

/** Answers are for one caller, are no documents, and are not for display. */
const securityHeaders = new Map([
  ['Cache-Control', 'no-store'],
  ['Content-Security-Policy', "default-src 'none'; frame-ancestors 'none'"],
  ['X-Content-Type-Options', 'nosniff'],
]);

/**
 * Listens for requests. It cuts off clients that send a request too slowly. It does not limit how long an answer takes, nor
 * how large it is.
 *
 * @throws Error with one readable line if the server cannot listen on the address
 */
export async function openHttpServer(options: HttpServerOptions): Promise<HttpServer> {
  const { host, port, telemetry, log = () => undefined, maxConnections = 10_000 } = options;
  const { headersTimeoutMs = 10_000, requestTimeoutMs = 60_000 } = options;
  const server = createServer({
    // Probes may omit it. Other requests without it are refused below, with a message.
    requireHostHeader: false,
    headersTimeout: headersTimeoutMs,
    requestTimeout: requestTimeoutMs,
    connectionsCheckingInterval: headersTimeoutMs / 4,
    keepAliveTimeout: keepAliveTimeoutMs,
  });
  await listen(server, host, port);
  const connections = new ConnectionLimit(server, { maxConnections, telemetry, log });
  const countUnderWay = answerRequests(server, options, connections);
  const { port: bound } = server.address() as AddressInfo;
  return {
    url: `http://${urlHost(host)}:${bound}`,
    drain: (cutAfterMs) => drainConnections(server, countUnderWay, cutAfterMs),
  };
}

/** Answers requests. Returns a function that tells how many are under way. */
function answerRequests(
  server: Server,
  { fetch, isStopping = () => false, telemetry }: HttpServerOptions,
  connections: ConnectionLimit,
): () => number {
  // Not a set of the requests: V8 keeps what was removed from a set that changes often until a full collection.
  let underWay = 0;
  const countRefusal = telemetry?.countRefusal ?? (() => undefined);
  server.on('request', (incoming, outgoing) => {
    const { socket } = incoming;
    underWay += 1;
    connections.beginRequest(socket);
    outgoing.once('close', () => {
      underWay -= 1;
      connections.endRequest(socket);
    });
    const requestId = requestIdOf(incoming);
    // Set before any answer: the adapter refuses some requests without calling `answer`.
    outgoing.setHeaders(securityHeaders).setHeader(requestIdHeader, requestId);
    const bindings = { incoming, outgoing, requestId, countRefusal };
    const isFromProbe = isProbe(incoming.url);
    // Probes use HTTP/1.0 without a Host, or an address that no URL may contain.
    if (isFromProbe) incoming.headers.host = 'localhost';
    const answer = async (request: Request): Promise<Response> => {
      if (moreThanHost.test(incoming.headers.host ?? '')) {
        return answerUnrouted(new RequestError('Invalid host header'), bindings);
      }
      const isRefused = connections.isExceeded && !isFromProbe;
      const response = isRefused ? refusalResponse(noConnection, bindings) : await fetch(request, bindings);
      // Node sets shouldKeepAlive to false if the client asks to close the connection.
      if (isStopping() || isRefused || !outgoing.shouldKeepAlive) {
        outgoing.shouldKeepAlive = false;
        // The SDK asks to keep the connection of a streamed answer, and Node would obey.
        if (response.headers.has('connection')) response.headers.delete('connection');
      }
      return response;
    };
    const errorHandler = (error: unknown): Response => answerUnrouted(error, bindings);
    void getRequestListener(answer, { errorHandler })(incoming, outgoing);
  });
  return () => underWay;
}

const noConnection: Refusal = {
  status: 503,
  reason: 'no_connection',
  code: refused,
  message: 'The server has no connection to spare. Nothing was done; wait a second, then send the same call again.',
  headers: { 'Retry-After': '1' },
};

/** Answers a request that reaches no route because its URL cannot be read. The adapter would answer without a message. */
function answerUnrouted(error: unknown, request: RefusedRequest): Response {
  const refusal: Refusal =
    error instanceof RequestError
      ? { status: 400, reason: 'malformed', code: INVALID_REQUEST, message: `Invalid request: ${error.message}.` }
      : { status: 500, reason: 'defect', code: INTERNAL_ERROR, message: 'The request could not be served.' };
  return refusalResponse(refusal, request);
}
