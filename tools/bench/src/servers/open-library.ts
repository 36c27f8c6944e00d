import { openContextStore } from '@org/context-store';

/** Opens the store of DATABASE_URL with the library, as a service does, and ends after the first answer. */
const contextStore = await openContextStore();
await contextStore.listSessions({});
await contextStore.close();
