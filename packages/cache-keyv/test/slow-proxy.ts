import { once } from 'node:events';
import { connect, createServer, type AddressInfo, type Socket } from 'node:net';

/** A proxy that delays the answers of a server, or replaces them. */
export interface SlowProxy {
  readonly port: number;
  delayMs: number;
  alter: (answer: Buffer) => Buffer | string;
  /** How many pieces of data were sent to the server. */
  sent: number;
  readonly close: () => void;
}

export async function slowProxy(serverPort: number): Promise<SlowProxy> {
  const sockets = new Set<Socket>();
  const server = createServer((near) => {
    const far = connect(serverPort, '127.0.0.1');
    for (const socket of [near, far]) {
      sockets.add(socket);
      socket.on('error', () => undefined).on('close', () => [near, far].map((each) => each.destroy()));
    }
    near.on('data', (data) => {
      proxy.sent += 1;
      far.write(data);
    });
    far.on('data', (data: Buffer) => void setTimeout(() => near.write(proxy.alter(data)), proxy.delayMs));
  });
  await once(server.listen(0, '127.0.0.1'), 'listening');
  const proxy: SlowProxy = {
    port: (server.address() as AddressInfo).port,
    delayMs: 0,
    alter: (answer) => answer,
    sent: 0,
    close: () => {
      server.close();
      for (const socket of sockets) socket.destroy();
    },
  };
  return proxy;
}
