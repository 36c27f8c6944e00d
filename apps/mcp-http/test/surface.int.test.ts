import { describeMcpSurface } from '@org/mcp/testing';
import { clientKinds, connect, HttpServerProcess, temporaryFolder } from './mcp-http.js';

for (const kind of clientKinds) {
  describeMcpSurface(`mcp-http, ${kind}`, async () => {
    const folder = await temporaryFolder();
    const server = await HttpServerProcess.start({ XDG_DATA_HOME: folder.path });
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
        await folder.remove();
      },
    };
  });
}
