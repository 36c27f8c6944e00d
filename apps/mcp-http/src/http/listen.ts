import { once } from 'node:events';
import type { Server } from 'node:http';

interface Address {
  readonly host: string;
  readonly port: number;
  /** The variables that set the address, and a value that avoids a taken port. */
  readonly names: { readonly host: string; readonly port: string; readonly elsewhere: string };
}

/** @throws Error with one readable line if the server cannot listen on the address */
export async function listen(server: Server, host: string, port: number): Promise<void> {
  try {
    server.listen(port, host);
    await once(server, 'listening');
  } catch (error) {
    const names = { host: 'HOST', port: 'PORT', elsewhere: '0 for any free one' };
    throw new Error(listenProblem(error as NodeJS.ErrnoException, { host, port, names }), { cause: error });
  }
}

/** Describes in one line why a server cannot listen on an address, and which variable to set. */
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
