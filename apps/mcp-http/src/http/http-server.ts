import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setImmediate } from 'node:timers/promises';
import { getRequestListener, RequestError, type HttpBindings } from '@hono/node-server';
import { INTERNAL_ERROR, INVALID_REQUEST } from '@modelcontextprotocol/server';
import type { HttpTelemetry } from '@org/telemetry-otel';
import { ConnectionRoom } from '../limits/connection-limit.js';
import { urlHost } from '../environment.js';
import { refusalResponse, refused, type Refusal, type RefusedRequest } from './read-request.js';
import { isProbe } from './probes.js';
import { requestIdHeader, requestIdOf } from './request-id.js';

/** What belongs to a request besides itself. */
export interface ServerBindings extends HttpBindings, RefusedRequest {}

export interface HttpServerOptions {
  readonly fetch: (request: Request, bindings: ServerBindings) => Response | Promise<Response>;
  readonly host: string;
  readonly port: number;
  /** Whether clients should take their next calls elsewhere: connections end with their answer then. Default: never. */
  readonly isStopping?: (() => boolean) | undefined;
  /** Counts refused requests, and connections. */
  readonly telemetry?: Omit<HttpTelemetry, 'observeRequests'> | undefined;
  /** How many connections may have a request under way. Default 10,000. */
  readonly maxConnections?: number | undefined;
  /** Takes a line when there is no room for a connection. */
  readonly log?: ((line: string) => void) | undefined;
  /** How long a client may take to send the headers of a request, in milliseconds. Default 10 s. */
  readonly headersTimeoutMs?: number | undefined;
  /** How long it may take to send all of a request. Default 60 s. */
  readonly requestTimeoutMs?: number | undefined;
}

export interface HttpServer {
  /** Without a path. */
  readonly url: string;
  /** Takes no new connections, and resolves when the calls in flight are answered; cuts off what takes longer. */
  readonly drain: (withinMs: number) => Promise<void>;
}

/**
 * Longer than load balancers keep a connection to a server that they may use again, which is 60 seconds for most: a call
 * must not come in on one that is just being closed.
 */
const keepAliveTimeoutMs = 75_000;

/** What the adapter lets pass in a Host, and takes for other parts of the URL that it makes with it. */
const moreThanHost = /[\s@\\]/;

/** An answer is for whoever asked, is no document, and shows nothing. */
const securityHeaders = new Map([
  ['Cache-Control', 'no-store'],
  ['Content-Security-Policy', "default-src 'none'; frame-ancestors 'none'"],
  ['X-Content-Type-Options', 'nosniff'],
]);

/**
 * Listens for requests. A client that is too slow to send one is cut off; how long an answer takes, and how much of it
 * there is, is not bounded here.
 *
 * @throws Error with one readable line when the address cannot be had
 */
export async function openHttpServer(options: HttpServerOptions): Promise<HttpServer> {
  const { fetch, host, port, isStopping = () => false, telemetry, log = () => undefined } = options;
  const { headersTimeoutMs = 10_000, requestTimeoutMs = 60_000, maxConnections = 10_000 } = options;
  const countRefusal = telemetry?.countRefusal ?? (() => undefined);
  const limits = {
    // Probes may leave it out. Other requests without it are refused below, with a message.
    requireHostHeader: false,
    headersTimeout: headersTimeoutMs,
    requestTimeout: requestTimeoutMs,
    connectionsCheckingInterval: headersTimeoutMs / 4,
    keepAliveTimeout: keepAliveTimeoutMs,
  };
  let underWay = 0;
  const server = createServer(limits, (incoming, outgoing) => {
    const { socket } = incoming;
    underWay += 1;
    room.beginRequest(socket);
    outgoing.once('close', () => {
      underWay -= 1;
      room.endRequest(socket);
    });
    const requestId = requestIdOf(incoming);
    // Set before anyone can answer: the adapter refuses some requests by itself.
    outgoing.setHeaders(securityHeaders).setHeader(requestIdHeader, requestId);
    const bindings = { incoming, outgoing, requestId, countRefusal };
    const answer = async (request: Request): Promise<Response> => {
      if (moreThanHost.test(incoming.headers.host ?? '')) {
        return answerUnrouted(new RequestError('Invalid host header'), bindings);
      }
      const isRefused = room.isExceeded && !isFromProbe;
      const response = isRefused ? refusalResponse(noConnection, bindings) : await fetch(request, bindings);
      // Node has set it by what the client asks for.
      if (isStopping() || isRefused || !outgoing.shouldKeepAlive) {
        outgoing.shouldKeepAlive = false;
        // The SDK asks to keep the connection of an answer that is a stream, and Node would.
        if (response.headers.has('connection')) response.headers.delete('connection');
      }
      return response;
    };
    const errorHandler = (error: unknown): Response => answerUnrouted(error, bindings);
    const isFromProbe = isProbe(incoming.url);
    // Probes use HTTP/1.0 without a Host, or an address that no URL may hold.
    if (isFromProbe) incoming.headers.host = 'localhost';
    void getRequestListener(answer, { errorHandler })(incoming, outgoing);
  });
  await listen(server, host, port);
  const room = new ConnectionRoom(server, { maxConnections, telemetry, log });
  const { port: bound } = server.address() as AddressInfo;
  return {
    url: `http://${urlHost(host)}:${bound}`,
    drain: (withinMs) => drain(server, () => underWay, withinMs),
  };
}

const noConnection: Refusal = {
  status: 503,
  reason: 'no_connection',
  code: refused,
  message: 'The server has no connection to spare. Nothing was done; wait a second, then send the same call again.',
  headers: { 'Retry-After': '1' },
};

/** A request without a URL that could be read, as by a malformed Host, reaches no route; the adapter would say nothing. */
function answerUnrouted(error: unknown, request: RefusedRequest): Response {
  const refusal: Refusal =
    error instanceof RequestError
      ? { status: 400, reason: 'malformed', code: INVALID_REQUEST, message: `Invalid request: ${error.message}.` }
      : { status: 500, reason: 'defect', code: INTERNAL_ERROR, message: 'The request could not be served.' };
  return refusalResponse(refusal, request);
}

/**
 * The system resets connections that it has taken in and we have not, and their calls fail. One is accepted in a turn of
 * the event loop: none is left after a turn that brought none, and little time to take in others if it was short.
 */
async function acceptWaiting(server: Server): Promise<void> {
  let isBusy = true;
  const note = (): void => void (isBusy = true);
  server.on('connection', note);
  for (let turns = 0; isBusy && turns < mostTurns; turns += 1) {
    isBusy = false;
    const startMs = performance.now();
    await setImmediate();
    isBusy ||= performance.now() - startMs > shortTurnMs;
  }
  server.off('connection', note);
}

const [mostTurns, shortTurnMs] = [1000, 0.5];

/** How many sweeps a new connection has to bring its call. */
const sweepsForSilence = 10;

async function drain(server: Server, underWay: () => number, withinMs: number): Promise<void> {
  const closed = once(server, 'close');
  await acceptWaiting(server);
  server.close();
  // A connection that is kept alive after its last answer would be waited for, and so would one that never asks anything.
  let quietSweeps = 0;
  const sweep = setInterval(() => {
    server.closeIdleConnections();
    quietSweeps = underWay() === 0 ? quietSweeps + 1 : 0;
    if (quietSweeps > sweepsForSilence) server.closeAllConnections();
  }, 50);
  const tooLong = setTimeout(() => server.closeAllConnections(), withinMs);
  await closed;
  clearInterval(sweep);
  clearTimeout(tooLong);
}

async function listen(server: Server, host: string, port: number): Promise<void> {
  try {
    server.listen(port, host);
    await once(server, 'listening');
  } catch (error) {
    const names = { host: 'HOST', port: 'PORT', elsewhere: '0 for any free one' };
    throw new Error(listenProblem(error as NodeJS.ErrnoException, { host, port, names }), { cause: error });
  }
}

interface Address {
  readonly host: string;
  readonly port: number;
  /** The variables that set it, and what the port may be besides a number. */
  readonly names: { readonly host: string; readonly port: string; readonly elsewhere: string };
}

/** Why an address cannot be listened on, and which variable to set: one line. */
export function listenProblem({ code, message }: NodeJS.ErrnoException, { host, port, names }: Address): string {
  switch (code) {
    case 'EADDRINUSE':
      return `Port ${port} on ${host} is taken. Set ${names.port} to another one, or to ${names.elsewhere}.`;
    case 'EACCES':
      return `Port ${port} on ${host} may not be used by this user. Set ${names.port} to one above 1023.`;
    case 'EADDRNOTAVAIL':
    case 'ENOTFOUND':
      return `${names.host} ${host} is no address of this machine.`;
    default:
      return `Cannot listen on ${host}:${port}: ${message}`;
  }
}
