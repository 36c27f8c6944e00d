import { once } from 'node:events';
import { createServer, type Server } from 'node:net';

/** Below the ports that systems give to outgoing connections: a server that is restarted must find its port free. */
const pairs = { first: 15_000, count: 8_500 };

/**
 * A port of this machine on which nothing listens, and which no other process is given while this one lives: of each
 * pair of ports the lower is given, and the upper is held as its claim.
 */
export async function unusedPort(): Promise<number> {
  for (;;) {
    const port = pairs.first + 2 * Math.floor(Math.random() * pairs.count);
    const claim = await tryToListen(port + 1);
    const probe = claim && (await tryToListen(port));
    if (!probe) {
      claim?.close();
      continue;
    }
    probe.close();
    claim.unref();
    return port;
  }
}

async function tryToListen(port: number): Promise<Server | undefined> {
  const server = createServer();
  try {
    server.listen(port, '127.0.0.1');
    await once(server, 'listening');
    return server;
  } catch {
    return undefined;
  }
}
