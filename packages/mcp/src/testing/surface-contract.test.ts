import { memoryContextStore, connectStdio, eras } from '../../test/connect.js';
import { describeMcpSurface } from './surface-contract.js';

for (const era of eras) {
  describeMcpSurface(`the surface in process, ${era} era`, async () => {
    const contextStore = memoryContextStore();
    return {
      connect: (name) => connectStdio({ contextStore }, era, name),
      close: () => contextStore.close(),
    };
  });
}
