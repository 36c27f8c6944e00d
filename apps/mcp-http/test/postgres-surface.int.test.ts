import { describeMcpSurface } from '@org/mcp/testing';
import { temporaryDatabase } from '@org/store-kysely/testing';
import { clientKinds, connect, HttpServerProcess } from './mcp-http.js';

for (const kind of clientKinds) {
  describeMcpSurface(`mcp-http on PostgreSQL, ${kind}`, async () => {
    const database = await temporaryDatabase();
    const server = await HttpServerProcess.start({ DATABASE_URL: database.url });
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
        await database.drop();
      },
    };
  });
}
