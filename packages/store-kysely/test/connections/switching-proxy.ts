import { once } from 'node:events';
import { connect, createServer, type AddressInfo, type Socket } from 'node:net';

/** A TCP proxy between a store and its server: a network that can fail. */
export interface SwitchingProxy {
  /** A database URL, led through the proxy. */
  readonly urlOf: (databaseUrl: string) => string;
  /** How many connections were made through it. */
  readonly connections: () => number;
  /** Forwards nothing more of the connections that there are. They stay open, and new ones are served. */
  readonly silence: () => void;
  /** Leads new connections to another server. Those that there are stay. */
  readonly switchTo: (databaseUrl: string) => void;
  readonly close: () => Promise<void>;
}

export async function startSwitchingProxy(databaseUrl: string): Promise<SwitchingProxy> {
  let target = new URL(databaseUrl);
  let count = 0;
  const open = new Set<Socket>();
  const server = createServer((client) => {
    count += 1;
    const upstream = connect(Number(target.port === '' ? 5432 : target.port), target.hostname);
    for (const [socket, other] of [
      [client, upstream],
      [upstream, client],
    ] as const) {
      open.add(socket);
      socket.on('error', () => other.destroy());
      socket.on('close', () => open.delete(socket));
      socket.pipe(other);
    }
  });
  await once(server.listen(0, '127.0.0.1'), 'listening');
  const { port } = server.address() as AddressInfo;
  return {
    urlOf: (url) => Object.assign(new URL(url), { hostname: '127.0.0.1', port: `${port}` }).href,
    connections: () => count,
    silence: () => {
      for (const socket of open) {
        socket.unpipe();
        socket.pause();
      }
    },
    switchTo: (url) => {
      target = new URL(url);
    },
    close: async () => {
      for (const socket of open) socket.destroy();
      server.close();
      await once(server, 'close');
    },
  };
}
