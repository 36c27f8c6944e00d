import { describeMcpSurface } from '@org/mcp/testing';
import { clientKinds, connect, HttpServerProcess } from '../support/mcp-http.js';

/**
 * Declares the tests of the MCP surface for a server on a database, once for each kind of client.
 *
 * @param open returns what the server gets from its environment, and what removes the database
 */
export function describeSurface(
  engine: string,
  open: () => Promise<{ readonly env: Readonly<Record<string, string>>; readonly remove: () => Promise<void> }>,
): void {
  for (const kind of clientKinds) {
    describeMcpSurface(`${engine}, ${kind}`, async () => {
      const { env, remove } = await open();
      const server = await HttpServerProcess.start(env);
      const clients: { close: () => Promise<void> }[] = [];
      return {
        connect: async (name) => {
          const client = await connect(kind, name, server.mcp);
          clients.push(client);
          return client;
        },
        close: async () => {
          await Promise.all(clients.map((client) => client.close()));
          await server.stop();
          await remove();
        },
      };
    });
  }
}
