import { memoryContextStore, connectStdio, eras } from '../../test/connect.js';
import { describeMcpSurface, type SurfaceClient } from './surface-contract.js';

for (const era of eras) {
  describeMcpSurface(`the surface in process, ${era} era`, async () => {
    const contextStore = memoryContextStore();
    return {
      connect: async (name) => (await connectStdio({ contextStore }, era, name)) as SurfaceClient,
      close: () => contextStore.close(),
    };
  });
}
