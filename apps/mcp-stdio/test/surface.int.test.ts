import { describeMcpSurface } from '@org/mcp/testing';
import { clientKinds, connect, dataFolder } from './mcp-stdio.js';

for (const kind of clientKinds) {
  describeMcpSurface(`mcp-stdio, ${kind}`, async () => {
    const folder = await dataFolder();
    const clients: { close: () => Promise<void> }[] = [];
    return {
      connect: async (name) => {
        const client = await connect(kind, name, { DATABASE_URL: folder.database });
        clients.push(client);
        return client;
      },
      close: async () => {
        await Promise.all(clients.map((client) => client.close()));
        await folder.remove();
      },
    };
  });
}
