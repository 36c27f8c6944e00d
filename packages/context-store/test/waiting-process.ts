import { createContextStore, type Store } from '@org/domain';
import { databaseLocation } from '../src/open/database-location.js';
import { nameDeployment } from '../src/open/name-deployment.js';
import { openCarrier } from '../src/open/open-carrier.js';
import { openStore } from '../src/open/open-store.js';

/**
 * Waits for an offer, and reports all events to its parent. Its poll never finds anything, so only an event can wake
 * it.
 */

const [database = '', redisUrl = ''] = process.argv.slice(2);
const location = databaseLocation(database);
const carrier = await openCarrier(location, { url: redisUrl, deployment: await nameDeployment(location) });
const { store } = await openStore(location, { migrate: false, postgres: {} });

const unpolled: Store = {
  ...store,
  peekInboxes: async (inboxes) => {
    process.send?.({ waits: true });
    return inboxes.map(() => false);
  },
  listHandoffs: async (request) => {
    const page = await store.listHandoffs(request);
    process.send?.({ looked: page.handoffs.length });
    return page;
  },
};
const contextStore = createContextStore({ store: unpolled, bus: carrier?.bus }, { agent: 'implementer' });
contextStore.subscribe(({ kind }) => process.send?.({ heard: kind }));
const { handoffs } = await contextStore.listHandoffs({ waitSeconds: 45 });
process.send?.({ offered: handoffs.map(({ sessionKey }) => sessionKey) });
await contextStore.close();
process.disconnect();
