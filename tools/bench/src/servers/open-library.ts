import { openContextStore } from '@org/context-store';

/** Opens the database of DATABASE_URL with the library, as a service does, and ends after the first answer. */
const contextStore = await openContextStore({ database: process.env['DATABASE_URL'] });
await contextStore.listSessions({});
await contextStore.close();
