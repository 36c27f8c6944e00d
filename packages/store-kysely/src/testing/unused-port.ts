import { once } from 'node:events';
import { createServer, type Server } from 'node:net';

/** Below the ports of outgoing connections, so that the port is still free when a server starts again. */
const pairs = { first: 15_000, count: 8_500 };

/**
 * Returns a port of this machine on which nothing listens. Other processes do not get it while this process runs: the
 * ports come in pairs, and this process listens on the upper port of the pair to reserve the lower one.
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
