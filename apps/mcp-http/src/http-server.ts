import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { getRequestListener, type HttpBindings } from '@hono/node-server';
import { urlHost } from './environment.js';

export interface HttpServerOptions {
  readonly fetch: (request: Request, bindings: HttpBindings) => Response | Promise<Response>;
  readonly host: string;
  readonly port: number;
}

export interface HttpServer {
  /** Without a path. */
  readonly url: string;
  /** Takes no new connections, and resolves when the calls in flight are answered; cuts off what takes longer. */
  readonly drain: (withinMs: number) => Promise<void>;
}

/** @throws Error with one readable line when the address cannot be had */
export async function openHttpServer({ fetch, host, port }: HttpServerOptions): Promise<HttpServer> {
  const listener = getRequestListener((request, bindings) => fetch(request, bindings as HttpBindings));
  const server = createServer((request, response) => void listener(request, response));
  await listen(server, host, port);
  const { port: bound } = server.address() as AddressInfo;
  return {
    url: `http://${urlHost(host)}:${bound}`,
    drain: (withinMs) => drain(server, withinMs),
  };
}

async function drain(server: Server, withinMs: number): Promise<void> {
  const closed = once(server, 'close');
  server.close();
  // A connection that is kept alive after its last answer would be waited for.
  const sweep = setInterval(() => server.closeIdleConnections(), 50);
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
